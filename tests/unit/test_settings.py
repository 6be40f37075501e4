"""Settings: what is read, what is refused, and in which words."""

import stat
from pathlib import Path

import pytest

from gantry.settings import Settings, SettingsError, keep_in, load_settings

STRONG = "kP3v9XqT7mZr2LwB8sNd5HyC1fJg6UaE-4RtVbQx0"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave the developer's own settings out of it."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_nothing_needs_to_be_set() -> None:
    """Without a single setting the app runs on one machine, on SQLite, for this machine only."""
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.database_url == "sqlite:///data/gantry.db"
    assert not settings.production


def test_the_database_follows_the_folder_of_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One setting moves everything; DATABASE_URL has the last word."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "there"))
    assert load_settings().database_url == f"sqlite:///{tmp_path}/there/gantry.db"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere.db")
    assert load_settings().database_url == "sqlite:///elsewhere.db"


def test_a_database_that_stayed_behind_is_not_taken_for_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Earlier versions kept it in data/, whatever DATA_DIR said: no empty one is begun beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/gantry.db").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "there"))
    assert "Move it to" in refusal()
    monkeypatch.setenv("DATABASE_URL", "sqlite:///data/gantry.db")
    assert load_settings().database_url == "sqlite:///data/gantry.db"


@pytest.mark.parametrize(
    "given", ["9100", ":9100", "host", "host:x", "host:0", "host:70000", "http://h:1", "a@h:1", "h:1/x"]
)
def test_an_address_for_figures_is_a_host_and_a_port(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """Anything else is refused with an example, and so is the port of everything else."""
    monkeypatch.setenv("METRICS_ADDRESS", given)
    assert "METRICS_ADDRESS: must be host:port" in refusal()
    monkeypatch.setenv("METRICS_ADDRESS", "[::1]:9100")
    assert load_settings().metrics_listens == ("::1", 9100)
    monkeypatch.setenv("PORT", "9100")
    assert "a port of its own" in refusal()


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "EMBEDDING_BASE_URL", "RERANK_BASE_URL"])
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://gpu:8000", "http://gpu:8000/v1"),
        ("http://gpu:8000/", "http://gpu:8000/v1"),
        ("http://gpu:8000/v1/", "http://gpu:8000/v1"),
        ("https://gateway.example/openai", "https://gateway.example/openai"),
    ],
)
def test_the_usual_path_may_be_left_out(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, used: str
) -> None:
    """As in the browser's form; a gateway's own path is taken as it is."""
    monkeypatch.setenv("EMBEDDING_BASE_URL", "http://other/v1")
    monkeypatch.setenv("EMBEDDING_MODEL", "some-model")
    monkeypatch.setenv(name, given)
    assert getattr(load_settings(), name.lower()) == used


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("localhost", "http://localhost:11434"),
        (":8000", "http://127.0.0.1:8000"),
        ("box.lan:99", "http://box.lan:99"),
        ("http://box.lan", "http://box.lan:80"),
        ("https://box.lan", "https://box.lan:443"),
        ("https://box.lan:8443/ollama/", "https://box.lan:8443/ollama"),
        ("::1", "http://[::1]:11434"),
        ("[::]:77", "http://[::1]:77"),
        ("box:port", "http://box:11434"),
    ],
)
def test_ollamas_own_ways_to_write_an_address(
    monkeypatch: pytest.MonkeyPatch, given: str, address: str
) -> None:
    """The variable is Ollama's own too, and read by its rules."""
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert load_settings().ollama_host == address


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("EMBEDDING_BASE_URL", "http://localhost:9/v1", "EMBEDDING_BASE_URL needs EMBEDDING_MODEL"),
        ("EMBEDDING_MODEL", "bge-m3", "bge-m3 needs EMBEDDING_BASE_URL"),
    ],
)
def test_half_an_embedding_server_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """Another model than the one that was asked for must not serve without a word."""
    monkeypatch.setenv(name, value)
    assert told in refusal()


def test_a_secret_key_is_made_once() -> None:
    """On one machine the secret key is made at the first start, kept, and readable for its owner alone."""
    first = load_settings().secret_key.get_secret_value()
    second = load_settings().secret_key.get_secret_value()
    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE(Path("data/secret_key").stat().st_mode) == 0o600


def test_a_damaged_secret_key_is_not_replaced() -> None:
    """A secret key file cut short stops the start: a new key would make stored keys unreadable."""
    Path("data").mkdir()
    Path("data/secret_key").write_text("abc", encoding="ascii")
    assert "damaged" in refusal()


@pytest.mark.parametrize(
    "shared", [("REDIS_URL", "redis://redis:6379"), ("DATABASE_URL", "postgresql://db/gantry")]
)
def test_production_requires_a_secret_key(monkeypatch: pytest.MonkeyPatch, shared: tuple[str, str]) -> None:
    """With Redis or PostgreSQL a missing secret key is refused with the command that makes one."""
    monkeypatch.setenv(*shared)
    assert "SECRET_KEY is required" in refusal()
    assert "token_urlsafe" in refusal()
    assert not Path("data/secret_key").exists()


@pytest.mark.parametrize("weak", ["short", "a" * 64, "change-me-change-me-change-me-1234567890"])
def test_production_refuses_weak_secret_keys(monkeypatch: pytest.MonkeyPatch, weak: str) -> None:
    """With Redis or PostgreSQL a short, repetitive or copied secret key is refused."""
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379")
    monkeypatch.setenv("SECRET_KEY", weak)
    assert "SECRET_KEY is too weak" in refusal()
    assert weak not in refusal() or weak == "short"


def test_a_strong_secret_key_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random secret key is taken in production, and never shown."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/gantry")
    monkeypatch.setenv("SECRET_KEY", STRONG)
    settings = load_settings()
    assert settings.secret_key.get_secret_value() == STRONG
    assert STRONG not in repr(settings)


def test_secrets_may_be_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """NAME_FILE hands over a secret as a file; the end of its line is not part of it."""
    (tmp_path / "key").write_text(f"{STRONG}\n", encoding="utf-8")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().secret_key.get_secret_value() == STRONG


def test_a_variable_outranks_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When both are given, the environment wins over the file."""
    (tmp_path / "key").write_text("from-the-file", encoding="utf-8")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SECRET_KEY", STRONG)
    assert load_settings().secret_key.get_secret_value() == STRONG


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file that cannot be read stops the start, by name."""
    monkeypatch.setenv("OPENAI_API_KEY_FILE", "/nowhere/key")
    assert refusal() == "OPENAI_API_KEY_FILE: /nowhere/key cannot be read."


def test_dotenv_is_read() -> None:
    """A .env file in the working directory is read, secret files included."""
    Path("key").write_text(STRONG, encoding="utf-8")
    Path(".env").write_text("PORT=4000\nSECRET_KEY_FILE=key\nUNRELATED=1\nOLLAMA_HOST=\n", encoding="utf-8")
    settings = load_settings()
    assert settings.port == 4000
    assert settings.secret_key.get_secret_value() == STRONG
    assert settings.ollama_host is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "PORT: "),
        ("PORT", "70000", "PORT: "),
        ("DATABASE_URL", "mysql://db/gantry", "sqlite://… or postgresql://…"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL: must be an address like redis://…"),
        ("CHROMA_HOST", "chromadb", "CHROMA_HOST: must be an address like http://…"),
        ("TABBY_HOST", "http://tabby:5000/v1", "without /v1"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: "),
        ("ADMIN_EMAIL", "ada@example.org", "belong together"),
        ("UVICORN_WORKERS", "4", "REDIS_URL"),
        ("GENERATION_LEASE_SECONDS", "2", "three heartbeats"),
    ],
)
def test_mistakes_are_sentences(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    """A wrong setting is refused in one sentence that names it and says what is expected."""
    monkeypatch.setenv(name, value)
    said = refusal()
    assert words in said
    assert said.count("\n") == 0


def test_settings_cannot_be_changed() -> None:
    """What was read stays as it was read."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_levels_may_be_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG_LEVEL=INFO means info."""
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    assert load_settings().log_level == "warning"


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("", set()),
        ("https://chat.example.com", {"https://chat.example.com"}),
        (" HTTPS://Chat.Example.com:443/ ,", {"https://chat.example.com"}),
        ("http://localhost:80,http://[::1]:4000", {"http://localhost", "http://[::1]:4000"}),
        ("https://xn--bcher-kva.example", {"https://xn--bcher-kva.example"}),
    ],
)
def test_front_ends_are_written_as_browsers_do(
    monkeypatch: pytest.MonkeyPatch, given: str, origins: set[str]
) -> None:
    """However the front end's address is written, it is compared in the form that browsers send."""
    monkeypatch.setenv("FRONTEND_ORIGIN", given)
    assert load_settings().front_ends == origins


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "null",
        "chat.example.com",
        "https://*.example.com",
        "https://chat.example.com/path",
        "https://chat.example.com?x",
        "https://me@chat.example.com",
        "https://chat.example.com.",
        "https://chat.example.com:port",
        "https://chat.example.com:99999",
        "https://bücher.example",
        "https://chat.example.com,https://",
        "ftp://chat.example.com",
        "https://[::1",
    ],
)
def test_what_is_no_front_end_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """Wildcards, paths and everything else that is not one exact origin stop the start."""
    monkeypatch.setenv("FRONTEND_ORIGIN", given)
    assert "FRONTEND_ORIGIN" in refusal()
    assert "https://chat.example.com" in refusal()


def test_a_named_folder_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --data, settings and data of the folder where the command is given are somebody else's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gantry.db").touch()
    (tmp_path / ".env").write_text("PORT=1111\nDATA_DIR=elsewhere\n")
    named = tmp_path / "named"
    named.mkdir()
    (named / ".env").write_text("PORT=2222\nDATA_DIR=elsewhere\nMETRICS_TOKEN_FILE=token\n")
    (tmp_path / "token").write_text("a token of the file")
    for name in ("DATA_DIR", "GANTRY_ENV_FILE"):
        monkeypatch.setenv(name, "")  # what it was is put back afterwards
    keep_in(named)
    settings = load_settings()
    assert (settings.port, settings.data_dir) == (2222, named)
    assert settings.database_url == f"sqlite:///{named}/gantry.db"
    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == "a token of the file"
