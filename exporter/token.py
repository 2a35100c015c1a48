"""What is the token that agents share?"""

from pathlib import Path

from probes.documents.load import DocumentError


def read_token(token_file: str) -> str:
    """Read the file, usually a Swarm secret; "" where none is named, DocumentError when bad."""
    if not token_file:
        return ""
    try:
        token = Path(token_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise DocumentError(f"token_file: {token_file} cannot be read: {exc}") from exc
    if not token:
        raise DocumentError(f"token_file: {token_file} is empty")
    return token
