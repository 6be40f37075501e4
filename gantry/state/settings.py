"""A person's own settings."""

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.messages import _
from gantry.domain.text import counted
from gantry.runtime import services
from gantry.state.session import SessionState, acting, guarded, notify, uuid_of
from gantry.state.views.settings import ModelView, SessionView, model, session


class ProfileForm(TypedDict):
    """The fields of the profile's form."""

    name: str


class SettingsState(rx.State):
    """What the settings page shows."""

    loaded: bool = False
    name: str = ""
    default_model: str = ""
    models: list[ModelView] = []
    sessions: list[SessionView] = []
    elsewhere: bool = False  # whether there are other sessions than this one

    @rx.event
    @guarded
    async def load(self):
        """Show the person's account, their sessions, and the models there are."""
        who = await acting(self)
        account = await services().accounts.profile(who)
        self.name, self.default_model = account.name, account.default_model or ""
        self.models = [model(each) for each in await services().catalog.models(who)]
        await self._show_sessions()
        self.loaded = True

    @rx.event
    @guarded
    async def save_profile(self, form: ProfileForm):
        """Change the person's name."""
        account = await services().accounts.update_profile(await acting(self), name=form["name"])
        self.name = account.name
        await notify(self, _("Saved."), kind="success")
        return SessionState.load

    @rx.event
    @guarded
    async def choose_model(self, model: str):
        """Change the model that new conversations begin with; an empty one leaves the choice to us."""
        account = await services().accounts.update_profile(await acting(self), default_model=model)
        self.default_model = account.default_model or ""
        await notify(self, _("Saved. New chats will use this model."), kind="success")

    @rx.event
    @guarded
    async def password_changed(self):
        """Show that the other sessions have ended."""
        await self._show_sessions()

    @rx.event
    @guarded
    async def revoke(self, session: str):
        """End another of the person's sessions."""
        if self.sessions and all(each.id != session for each in self.sessions):  # pressed twice
            return
        await services().accounts.revoke_session(await acting(self), uuid_of(session))
        await self._show_sessions()

    @rx.event
    @guarded
    async def revoke_others(self):
        """End all sessions but this one."""
        ended = await services().accounts.revoke_other_sessions(await acting(self))
        await self._show_sessions()
        await notify(
            self, _("Signed out on {devices}.", devices=counted(ended, "other device")), kind="success"
        )

    async def _show_sessions(self) -> None:
        who = await acting(self)
        rows = await services().accounts.list_sessions(who)
        self.sessions = [session(row, who.session_id) for row in rows]
        self.elsewhere = any(not each.current for each in self.sessions)
