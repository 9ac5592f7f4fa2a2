"""What an operator can set: environment variables ``AIOACS_*`` over ``aioacs.toml``, checked once, at the start."""

from acs.settings.loading import SettingsError, load_settings
from acs.settings.model import Settings

__all__ = ["Settings", "SettingsError", "load_settings"]
