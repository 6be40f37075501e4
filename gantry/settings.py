"""Everything a deployment may set. Read once, by the composition root, when the process starts."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_FILE = ".env"
_ENV_FILE = "GANTRY_ENV_FILE"  # in the environment, for processes that we start; people say --data
MIN_SECRET_CHARACTERS = 32
_SECRETS = (
    "database_url",
    "redis_url",
    "secret_key",
    "tabby_admin_key",
    "openai_api_key",
    "embedding_api_key",
    "rerank_api_key",
    "admin_password",
    "metrics_token",
)
_OWN_EMBEDDERS = ("auto", "minilm", "multilingual-e5-small", "multilingual-e5-base", "lexical")
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_ORIGIN = "must be an address like https://chat.example.com, without a path (other alphabets as xn--…)"
_PLACEHOLDERS = ("change", "secret", "example", "placeholder", "password", "your-", "todo")


class SettingsError(Exception):
    """The settings cannot be used; the message has one sentence a line, each naming a setting."""


def _url(*schemes: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/")):
            wanted = " or ".join(f"{scheme}://…" for scheme in schemes)
            raise ValueError(f"must be an address like {wanted}")
        return value.rstrip("/")

    return AfterValidator(check)


def _ollama_address(value: Any) -> Any:
    """Return the address in *value* by Ollama's own rules: scheme, host and port may each be left out."""
    if not isinstance(value, str) or not value.strip():
        return value
    given, _, rest = value.strip().rpartition("://")
    scheme, default = given or "http", {"http": "80", "https": "443"}.get(given, "11434")
    host, slash, path = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if (
        not colon or "]" in port or (":" in name and not name.startswith("["))
    ):  # without a port, or an IPv6 address
        name, port = host, ""
    if not port.isdigit():
        port = default
    name = name.strip("[]")
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104 - where it listens
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}{slash}{path}"


def _with_usual_path(value: str | None) -> str | None:
    """Return an address of a model server with ``/v1`` where no path was given, as the form in the browser does."""
    parts = urlsplit(value or "")
    return f"{value}/v1" if value and not (parts.path.strip("/") or parts.query) else value


def _without_v1(value: str | None) -> str | None:
    if value and value.endswith("/v1"):
        raise ValueError("must be the server's address without /v1 at the end")
    return value


def as_origin(address: str) -> str:
    """Return the origin of a server's *address*, exactly as browsers write it.

    Raises:
        ValueError: It is something else, or more than that; the message says what it must be.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = (parts.hostname or "").encode("ascii").decode(), parts.port
    except ValueError:  # a port that is no number, a name that is not ASCII
        raise ValueError(f"{address!r} {_ORIGIN}") from None
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _PORTS or more or not _HOST.fullmatch(host):
        raise ValueError(f"{address!r} {_ORIGIN}")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")


def _listens(value: str) -> str:
    try:
        parts = urlsplit(f"//{value}")
        if value and not (parts.hostname and parts.port and parts.netloc == value and "@" not in value):
            raise ValueError  # noqa: TRY301 - the same sentence as for a port that is no number
    except ValueError:
        raise ValueError("must be host:port, such as 127.0.0.1:9100") from None
    return value


def _origins(value: str) -> str:
    return ",".join(as_origin(each) for each in value.split(",") if each.strip())


HttpUrl = Annotated[str | None, _url("http", "https")]
ApiUrl = Annotated[HttpUrl, AfterValidator(_with_usual_path)]


class Settings(BaseSettings):
    """The settings; in the environment they are written in capitals (docs/configuration.md).

    Secrets may also be given as files: ``SECRET_KEY_FILE=/run/secrets/key``.
    """

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: Annotated[
        str,
        _url("sqlite", "postgresql", "postgres"),
        Field(
            description="The database: `sqlite:///path` or `postgresql://user:password@host/name`. By default the file "
            "`gantry.db` in `DATA_DIR`."
        ),
    ] = ""
    redis_url: Annotated[
        str | None,
        _url("redis", "rediss", "unix"),
        Field(description="Redis, which replicas share. Without it one process keeps everything to itself."),
    ] = None
    chroma_host: Annotated[
        HttpUrl, Field(description="A ChromaDB server. Without it vectors are kept in `DATA_DIR`.")
    ] = None
    host: Annotated[str, Field(description="Address to listen on; `0.0.0.0` for all.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port to listen on.")] = 3000
    data_dir: Annotated[Path, Field(description="Folder for what is not in the database.")] = Path("data")
    secret_key: Annotated[
        SecretStr,
        Field(
            description="Encrypts the keys of model servers. Made in `DATA_DIR` on one machine; required, and "
            "refused when weak, with Redis or PostgreSQL."
        ),
    ] = SecretStr("")
    session_expire_hours: Annotated[
        float, Field(gt=0, le=24 * 365, description="A session ends when it was not used for so long.")
    ] = 24
    domain: Annotated[
        str, Field(description="Caddy's site address: one name, or several separated by commas.")
    ] = "localhost"
    allowed_hosts: Annotated[
        str,
        Field(
            description="Further names, separated by commas, by which Gantry is reached, `*.example.com` for all below one, "
            "`*` for any. `DOMAIN`, `HOST`, addresses, and names that only your own network can know (`nas`, `nas.local`) "
            "are known already."
        ),
    ] = ""
    frontend_origin: Annotated[
        str,
        AfterValidator(_origins),
        Field(
            description="Addresses, separated by commas, of front ends that `make export` wrote for another host: "
            "`https://chat.example.com`. They must be on the same site as the backend."
        ),
    ] = ""
    tabby_host: Annotated[
        str | None,
        _url("http", "https"),
        AfterValidator(_without_v1),
        Field(description="A TabbyAPI server, without `/v1`."),
    ] = None
    tabby_admin_key: Annotated[SecretStr | None, Field(description="Its key.")] = None
    ollama_host: Annotated[
        str | None,
        _url("http", "https"),
        AfterValidator(_without_v1),
        BeforeValidator(_ollama_address),
        Field(
            description="An Ollama server, without `/v1`; in any form that Ollama itself takes, such as `0.0.0.0` or `host:11434`."
        ),
    ] = None
    openai_base_url: Annotated[
        ApiUrl,
        Field(
            description="Any OpenAI-compatible server, with its path, usually `/v1`: added where there is none."
        ),
    ] = None
    openai_api_key: Annotated[SecretStr | None, Field(description="Its key, if it needs one.")] = None
    embedding_model: Annotated[
        str,
        Field(
            max_length=200,
            description="What turns texts into vectors: `minilm` (all-MiniLM-L6-v2, English, downloaded once), `multilingual-e5-small` or "
            "`multilingual-e5-base` (a hundred languages; its files lie in `DATA_DIR/models`: docs/retrieval.md), `lexical` (compares words only, "
            "needs nothing), `auto` (the first, and the second until it is there), or a model of `EMBEDDING_BASE_URL`. "
            "After a change the new vectors are made beside the old ones.",
        ),
    ] = "auto"
    embedding_base_url: Annotated[
        ApiUrl, Field(description="An OpenAI-compatible server for `EMBEDDING_MODEL`, with `/v1`.")
    ] = None
    embedding_api_key: Annotated[SecretStr | None, Field(description="Its key, if it needs one.")] = None
    rerank_base_url: Annotated[
        ApiUrl, Field(description="A server with `/rerank` that puts found passages into order, with `/v1`.")
    ] = None
    rerank_model: Annotated[str, Field(max_length=200, description="Its model.")] = ""
    rerank_api_key: Annotated[SecretStr | None, Field(description="Its key, if it needs one.")] = None
    max_upload_mb: Annotated[
        int, Field(ge=1, le=10_000, description="How large an uploaded file may be, in megabytes.")
    ] = 200
    import_max_mb: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="How large an export of another product may be, in megabytes; unpacked, four times as much.",
        ),
    ] = 2000
    storage_quota_mb: Annotated[
        int,
        Field(
            ge=0,
            le=100_000_000,
            description="How much one person's files may take up, in megabytes; 0 for no limit. The same file counts once.",
        ),
    ] = 20_000
    admin_email: Annotated[
        str | None,
        Field(description="Makes the first administrator without the set-up page; never changes an account."),
    ] = None
    admin_password: Annotated[SecretStr | None, Field(description="The first administrator's password.")] = (
        None
    )
    trusted_proxies: Annotated[
        str,
        Field(
            description="Addresses or networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` "
            "are believed: the proxy in front."
        ),
    ] = "127.0.0.1,::1"
    metrics_token: Annotated[
        SecretStr | None,
        Field(
            description="What a monitoring system sends as `Authorization: Bearer …` to read `/metrics`. Without it only "
            "this machine is told, asked directly."
        ),
    ] = None
    metrics_address: Annotated[
        str,
        AfterValidator(_listens),
        Field(
            description="`host:port` where `/metrics`, and nothing else, is told to whoever reaches it, such as `10.0.0.2:9100`: an "
            "address of the network of your monitoring. Elsewhere `/metrics` is told for `METRICS_TOKEN` alone then."
        ),
    ] = ""
    max_connections_per_address: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="How many connections one address may hold open at the same time, 0 for no limit. A browser tab "
            "holds two. Addresses of `TRUSTED_PROXIES` are not limited: what comes through them counts for the "
            "address they name.",
        ),
    ] = 500
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="What is logged, and above.")
    ] = "info"
    access_log_enabled: Annotated[bool, Field(description="Log every request, without query strings.")] = (
        False
    )
    uvicorn_workers: Annotated[
        int, Field(ge=1, le=64, description="Processes in one container; above 1 needs Redis.")
    ] = 1
    generation_lease_seconds: Annotated[
        float, Field(gt=0, description="A writer silent for so long is taken over by another process.")
    ] = 15
    generation_heartbeat_seconds: Annotated[
        float, Field(gt=0, description="How often an answer's text and lease are stored.")
    ] = 1
    sweep_seconds: Annotated[float, Field(gt=0, description="How often silent answers are looked for.")] = 3
    probe_local_models: Annotated[
        bool,
        Field(
            description="Look for model servers on this machine's well-known ports when none is configured."
        ),
    ] = True

    @property
    def front_ends(self) -> frozenset[str]:
        """The origins of ``frontend_origin``."""
        return frozenset(filter(None, self.frontend_origin.split(",")))

    @property
    def metrics_listens(self) -> tuple[str, int] | None:
        """Host and port of ``metrics_address``."""
        host, _, port = self.metrics_address.rpartition(":")
        return (host.strip("[]"), int(port)) if port else None

    @property
    def production(self) -> bool:
        """Whether other processes share our state: then nothing may be made up on the spot."""
        return self.redis_url is not None or not self.database_url.startswith("sqlite")

    @model_validator(mode="before")
    @classmethod
    def _lower_case_level(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("log_level"), str):
            values = {**values, "log_level": values["log_level"].lower()}
        return values

    @model_validator(mode="after")
    def _database_follows_data_dir(self) -> Self:
        if not self.database_url:  # past the field, so that it still counts as not set
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir}/gantry.db")
        return self

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.embedding_base_url and self.embedding_model == "auto":
            raise ValueError("EMBEDDING_BASE_URL needs EMBEDDING_MODEL: the name of a model of that server")
        if not self.embedding_base_url and self.embedding_model not in _OWN_EMBEDDERS:
            raise ValueError(
                f"EMBEDDING_MODEL: {self.embedding_model} needs EMBEDDING_BASE_URL, the server that has it; without one choose "
                + ", ".join(_OWN_EMBEDDERS)
            )
        if self.generation_lease_seconds < 3 * self.generation_heartbeat_seconds:
            raise ValueError("GENERATION_LEASE_SECONDS must be at least three heartbeats")
        if self.uvicorn_workers > 1 and self.redis_url is None:
            raise ValueError(
                "UVICORN_WORKERS above 1 needs REDIS_URL: workers share their state through Redis"
            )
        if (self.admin_email is None) != (self.admin_password is None):
            raise ValueError("ADMIN_EMAIL and ADMIN_PASSWORD belong together: set both or neither")
        if self.metrics_listens and self.metrics_listens[1] == self.port:
            raise ValueError("METRICS_ADDRESS needs a port of its own, other than PORT")
        if self.production:
            check_strength(self.secret_key.get_secret_value())
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let files of secrets rank between the environment and ``.env``."""
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads ``NAME_FILE``: how Docker and Kubernetes hand over secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # all at once in __call__

    def __call__(self) -> dict[str, Any]:
        named: Mapping[str, str | None] = dotenv_values(_env_file())
        found: dict[str, Any] = {}
        for name in _SECRETS:
            key = f"{name.upper()}_FILE"
            path = os.environ.get(key) or named.get(key)
            if path:
                found[name] = _read_secret(key, Path(path))
        return found


def _read_secret(key: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{key}: {path} cannot be read.") from error


def check_strength(secret: str) -> None:
    """Raise ValueError, with what to do, for a SECRET_KEY that can be guessed."""
    advice = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not secret:
        raise ValueError(f"SECRET_KEY is required with Redis or PostgreSQL; {advice}")
    guessable = any(word in secret.lower() for word in _PLACEHOLDERS) or len(set(secret)) < 10
    if len(secret) < MIN_SECRET_CHARACTERS or guessable:
        raise ValueError(
            f"SECRET_KEY is too weak: at least {MIN_SECRET_CHARACTERS} random characters; {advice}"
        )


def keep_in(folder: Path) -> None:
    """Keep everything in *folder*, and read ``.env`` there, in this process and those that it starts."""
    os.environ["DATA_DIR"] = str(folder)
    os.environ[_ENV_FILE] = str(folder / ENV_FILE)


def _env_file() -> str:
    return os.environ.get(_ENV_FILE) or ENV_FILE


def load_settings() -> Settings:
    """Read the settings; on one machine, make the secret key when there is none.

    Raises:
        SettingsError: Something is wrong with them.
    """
    try:
        settings = Settings(_env_file=_env_file())  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(part) for part in error.errors())) from error
    _refuse_a_database_left_behind(settings)
    if settings.secret_key.get_secret_value():
        return settings
    key = _own_secret_key(settings.data_dir / "secret_key")
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def _refuse_a_database_left_behind(settings: Settings) -> None:
    """Earlier versions kept the database in ``data`` whatever DATA_DIR said: it must not look lost."""
    before, now = Path("data/gantry.db"), settings.data_dir / "gantry.db"
    if os.environ.get(_ENV_FILE):  # the folder was named with the command
        return
    if "database_url" not in settings.model_fields_set and not now.exists() and before.exists():
        raise SettingsError(
            f"DATA_DIR: the database is still in {before}. Move it to {now} (with Gantry stopped, and the files "
            f"{before}-wal and {before}-shm if they are there), or set DATABASE_URL=sqlite:///{before}."
        )


def _sentence(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    reason = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    if not name:
        return f"{reason}."
    return f"{name}: {reason[0].lower()}{reason[1:]}."


def _own_secret_key(path: Path) -> str:
    """Return the key in *path*, making it first if need be, readable for the owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
        key = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {path} cannot be written.") from error
    if len(key) < MIN_SECRET_CHARACTERS:
        raise SettingsError(
            f"SECRET_KEY: {path} is damaged. Restore it from a backup: stored keys depend on it."
        )
    return key
