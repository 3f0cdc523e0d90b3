"""What one environment may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLimits:
    """Bounds of one build."""

    seconds: float = 1200
    """Wall time of a whole build, waiting for another builder of the same name included."""
    installed_bytes: int = 4 * 1024**3
    """Size of the installed files, before they are compiled."""
    packages: int = 300
    """Installed packages, those that others need included."""
