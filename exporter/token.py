"""What is the token that agents share?"""

from pathlib import Path

from exporter.config import ConfigError


def read_token(token_file: str) -> str:
    """Read the file, usually a Swarm secret; "" where none is configured, ConfigError when bad."""
    if not token_file:
        return ""
    try:
        token = Path(token_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"token_file: {token_file} cannot be read: {exc}") from exc
    if not token:
        raise ConfigError(f"token_file: {token_file} is empty")
    return token
