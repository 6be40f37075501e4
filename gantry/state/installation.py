"""What an administrator should know of the installation itself: how it is reached, and whether it is kept safe."""

import time

import reflex as rx

from gantry.runtime import services
from gantry.state.first_steps import is_safe
from gantry.state.session import acting, guarded


class InstallationState(rx.State):
    """What is shown to administrators alone; ``backup_at`` is in seconds since the epoch, 0 without a backup."""

    loaded: bool = False
    address: str = ""
    is_secure: bool = False
    backup_at: int = 0
    backups_elsewhere: bool = False  # where they are made cannot be seen from here

    @rx.event
    @guarded
    async def load(self):
        """Look at how this page was reached, and for the newest backup."""
        if not (await acting(self)).is_admin:
            return
        operations = services().operations
        age = operations.newest_backup()
        self.backups_elsewhere = operations.backups_elsewhere
        self.address = self.router.headers.origin
        self.is_secure = is_safe(self.address)
        self.backup_at = 0 if age is None else round(time.time() - age)
        self.loaded = True
