"""The monitoring files ask only for figures that exist, and fit the services they are for."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from gantry.adapters.prometheus.telemetry import MOST_MODELS, PrometheusTelemetry
from gantry.domain.telemetry import AnswerReport, Open, RequestReport
from gantry.services.operations import OperationsService, Part

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
FOREIGN = {"up", "ALERTS"}  # Prometheus makes these itself
_NOT_METRICS = re.compile(
    r"""\bby\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]|"[^"]*"|\b(sum|count|rate|increase|absent|changes|topk|max|min|vector"""
    r"""|and|or|by|histogram_quantile|min_over_time)\b"""
)


def exercised() -> PrometheusTelemetry:
    """Return telemetry in which every figure has been used once."""
    telemetry = PrometheusTelemetry()
    telemetry.request(RequestReport("GET", "/api/v1/models", 200, 0.01))
    telemetry.answer(AnswerReport("openai/x", "failed", "unreachable", 0.5, 2.0, 10, 20))
    telemetry.taken_over(1)
    telemetry.handed_over()
    telemetry.refused("sign-in")
    telemetry.ingested("ready", 1.5)
    telemetry.read_pages(3)
    telemetry.part("database", ok=True, required=True, seconds=0.01)
    telemetry.ready(fit=True)
    for each in Open:
        with telemetry.opened(each):
            pass
    return telemetry


def samples(telemetry: PrometheusTelemetry) -> dict[str, set[str]]:
    """Return the names of all samples, each with its labels."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(telemetry.exposition().content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def dashboard() -> dict[str, Any]:
    return json.loads((MONITORING / "grafana/dashboards/gantry.json").read_text(encoding="utf-8"))


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts())
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", _NOT_METRICS.sub(" ", expression)))


def test_every_figure_asked_for_is_exported() -> None:
    """Alerts and dashboard name nothing that ``/metrics`` does not have, by names nor by labels."""
    exported = samples(exercised())
    assert list(expressions())
    for expression in expressions():
        for name in names_in(expression) - FOREIGN:
            assert name in exported, f"{name} in {expression}"
        for matchers in re.findall(r"(gantry_\w+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)\s*[=!]", matchers[1]))
            assert used <= exported[matchers[0]], expression


def test_every_figure_is_shown() -> None:
    """What we count is on the dashboard: a figure that nobody sees is not worth its cost."""
    ours = {name for name in samples(exercised()) if name.startswith("gantry_")}
    shown = {
        name
        for panel in dashboard()["panels"]
        for t in panel.get("targets", ())
        for name in names_in(t["expr"])
    }
    hidden = {name for name in ours - shown if not name.endswith(("_sum", "_count"))}
    assert hidden == set()


def test_every_figure_is_explained() -> None:
    """The table in the documents names what is exported, with its type and labels, and nothing else."""
    families = text_string_to_metric_families(exercised().exposition().content.decode())
    exported = {}
    for family in families:
        if family.name.startswith("gantry_"):
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            name = f"{family.name}_total" if family.type == "counter" else family.name
            exported[name] = (family.type, labels)
    table = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(gantry_\w+)` \| (\w+) \| ([^|]*)\|", table, re.MULTILINE)
    told = {
        name: (
            kind,
            {label.partition(":")[0] for label in labels.split(": ")[0].split(", ") if label.strip()},
        )
        for name, kind, labels in rows
    }
    assert {
        name: (kind, {each.strip() for each in labels}) for name, (kind, labels) in told.items()
    } == exported


def test_every_alert_says_what_is_wrong() -> None:
    """Each alert has a severity and a sentence, and names are not used twice."""
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names))
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]


def test_the_dashboard_uses_the_source_that_is_provisioned() -> None:
    """Every panel reads from the provisioned Prometheus, panels have their own ids, and there are the promised rows."""
    sources = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert [source["uid"] for source in sources["datasources"]] == ["prometheus"]
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels if "datasource" in panel} == {"prometheus"}
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Traffic", "Answers", "Speed", "Dependencies", "Process", "Documents"]


def test_the_files_are_where_the_services_look() -> None:
    """Compose mounts the folders, Prometheus asks the backend, Grafana asks Prometheus."""
    compose = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8"))["services"]
    for service in ("prometheus", "grafana"):
        mounted = [mount.split(":")[0] for mount in compose[service]["volumes"] if mount.startswith("./")]
        assert mounted
        assert all((ROOT / each).exists() for each in mounted), mounted
    provider = yaml.safe_load((MONITORING / "grafana/provisioning/dashboards/gantry.yml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    assert any(mount.split(":")[1] == folder for mount in compose["grafana"]["volumes"])
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    asked = next(each for each in config["scrape_configs"] if each["job_name"] == "gantry")
    (found,) = asked["dns_sd_configs"]
    assert (found["names"], found["type"], found["port"]) == (["backend"], "A", 8000)
    assert set(compose["prometheus"]["networks"]) & set(compose["backend"]["networks"])


def test_syslog_takes_every_service() -> None:
    """The overlay changes where the logs of all services go, and nothing else."""
    services = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8"))["services"]
    overlay = yaml.safe_load((ROOT / "deploy" / "syslog.yml").read_text(encoding="utf-8"))["services"]
    assert set(overlay) == set(services)
    for service in overlay.values():
        assert set(service) == {"logging"}
        assert service["logging"]["driver"] == "syslog"
        assert service["logging"]["options"]["syslog-address"].startswith("${SYSLOG_ADDRESS:?")


def test_an_installation_with_thousands_of_models_stays_readable() -> None:
    """The first hundred models have series of their own; the others share one."""
    telemetry = PrometheusTelemetry()
    for number in range(MOST_MODELS + 50):
        telemetry.answer(AnswerReport(f"openai/{number}", "complete", "", 0.1, 1.0, 1, 1))
    text = telemetry.exposition().content.decode()
    models = set(re.findall(r'gantry_answers_total\{model="([^"]*)"', text))
    assert len(models) == MOST_MODELS + 1
    assert 'gantry_answers_total{model="other",state="complete"} 50.0' in text


async def test_a_part_that_is_away_is_shown_without_being_asked_for() -> None:
    """The watch notices by itself that a part went away and that it came back, and goes on after a crash."""
    well = True

    async def ask() -> str:
        if not well:
            raise ConnectionRefusedError
        return "fine"

    telemetry = PrometheusTelemetry()
    operations = OperationsService({"redis": Part(ask)}, telemetry)

    async def until(line: str) -> None:
        async with asyncio.timeout(10):
            while line not in telemetry.exposition().content.decode():
                await asyncio.sleep(0.01)

    async with operations.watching(every_seconds=0.01):
        await until('gantry_dependency_up{part="redis",required="false"} 1.0')
        well = False
        await until('gantry_dependency_up{part="redis",required="false"} 0.0')
        await until("gantry_ready 1.0")  # it is not required
        well = True
        await until('gantry_dependency_up{part="redis",required="false"} 1.0')
