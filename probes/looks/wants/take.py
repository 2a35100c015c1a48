"""What becomes of a want once it has been read?"""

from collections.abc import Callable, Coroutine
from typing import Any

from probes.looks.looker import Looker, Report

#: Takes a look once there is somewhere to take it from; what was typed has been read by then.
Take = Callable[[Looker], Coroutine[Any, Any, Report]]
