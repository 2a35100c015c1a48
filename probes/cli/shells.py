"""What must a shell be told, so that it asks `probe` how a line may go on?

Names are data to each of them: they are never evaluated, and only plain ones are handed out
(`probes.looks.nameable`).
"""

from collections.abc import Mapping
from types import MappingProxyType

# Bash breaks words at ":" and "=", unless told otherwise, and replaces only what follows the last.
_BASH = """\
_probe_complete() {
    local line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[^:=]} word before=
    word=${line##*[[:space:]]}
    [[ -z $breaks ]] || before=${word%"${word##*[$breaks]}"}
    mapfile -t COMPREPLY < <(probe complete -- "$line" 2>/dev/null)
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    [[ ${COMPREPLY[0]-} != *[:/] ]] || compopt -o nospace
}
complete -o default -F _probe_complete probe
"""

_ZSH = """\
#compdef probe
_probe_complete() {
    local -a found
    found=("${(@f)$(probe complete -- "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    if [[ -z $found[1] ]]; then
        _files
    elif [[ $found[1] == *[:/] ]]; then
        compadd -S '' -a found
    else
        compadd -a found
    fi
}
if [[ $funcstack[1] == _probe ]]; then
    _probe_complete
else
    compdef _probe_complete probe
fi
"""

_FISH = """\
function __probe_complete
    set -l found (probe complete -- (commandline -cp | string collect) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command probe --no-files --arguments '(__probe_complete)'
"""

SCRIPTS: Mapping[str, str] = MappingProxyType({"bash": _BASH, "zsh": _ZSH, "fish": _FISH})
