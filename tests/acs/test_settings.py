"""The settings: what is taken, what is refused and in which words, and that the document has them all."""

import base64
import re
from collections.abc import Iterator
from enum import Enum
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ByteSize, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from acs.settings import Settings, SettingsError, load_settings
from acs.settings.loading import accepted, holds_secret
from acs.settings.mail import SmtpServer, read_smtp_url
from acs.settings.model import GROUPS, env_name
from acs.settings.values import LoginScheme, Onboarding, shown_database_url, size_text, sqlite_path
from tests.outside import ROOT

SECRET = "hunter2hunter2hunter2"  # in every wrong value below


def problems(folder: Path, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings({f"AIOACS_{name}": value for name, value in environment.items()}, folder)
    return caught.value.problems


def test_without_environment_and_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings({"PATH": "/bin"}, tmp_path)
    assert settings == Settings()
    assert (settings.cwmp_host, settings.cwmp_port) == ("0.0.0.0", 7547)
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8080)
    assert sqlite_path(settings.database_url) == Path("data/aioacs.db")
    assert settings.onboarding is Onboarding.QUARANTINE


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text('cwmp_port = 1001\napi_port = 1002\nonboarding = "open"\n')
    settings = load_settings({"AIOACS_CWMP_PORT": "2001"}, tmp_path)
    assert (settings.cwmp_port, settings.api_port, settings.onboarding) == (2001, 1002, Onboarding.OPEN)


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text("cwmp_port = 1001\n")
    (tmp_path / "other.toml").write_text("cwmp_port = 1002\n")
    assert load_settings({"AIOACS_CONFIG": "other.toml"}, tmp_path).cwmp_port == 1002


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    assert problems(tmp_path, CONFIG="none.toml") == [f"{tmp_path}/none.toml cannot be read: No such file"]


def test_a_folder_in_the_place_of_the_file_is_told_whether_it_was_named_or_not(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").mkdir()
    for named in ({}, {"CONFIG": "aioacs.toml"}):
        assert problems(tmp_path, **named) == [f"{tmp_path}/aioacs.toml cannot be read: Is a directory"]


def test_lists_are_words_in_the_environment_and_arrays_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text(
        'trusted_proxies = ["10.0.0.0/8", "2001:db8::1"]\nconnection_request_timeouts = [1, 2.5]\n'
    )
    settings = load_settings({"AIOACS_CWMP_AUTHENTICATION": "digest-sha-256, digest-md5"}, tmp_path)
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::1/128"))
    assert settings.connection_request_timeouts == (1.0, 2.5)
    assert settings.cwmp_authentication == (LoginScheme.DIGEST_SHA_256, LoginScheme.DIGEST_MD5)


def test_sizes_may_have_units_and_words_any_case(tmp_path: Path) -> None:
    settings = load_settings({"AIOACS_MAX_BODY": "8 MiB", "AIOACS_ONBOARDING": "Reject"}, tmp_path)
    assert settings.max_body == 8 * 2**20
    assert settings.onboarding is Onboarding.REJECT


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load_settings({"AIOACS_CWMP_TLS_PORT": "", "AIOACS_BOOTSTRAP_TOKEN": ""}, tmp_path) == Settings()


def test_an_empty_text_in_the_file_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text('files_folder = ""\ncwmp_tls_key = ""\n')
    assert load_settings({}, tmp_path) == Settings()


@pytest.mark.parametrize("line", ["workers = true", "body_timeout = true", "max_body = true", "cwmp_port = false"])
def test_true_is_no_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "aioacs.toml").write_text(line)
    (told,) = problems(tmp_path)
    assert f"is {line.rpartition(' ')[2].title()}, but must be a" in told


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text('workers = 0\napi_prot = 1\nlog_level = "loud"\n')
    told = problems(tmp_path, CWMP_PORT="99999", IDLE_TIMEOUT="nan", CWMP_HSOT="x", API_TLS_PORT="443")
    assert told == [
        "AIOACS_CWMP_HSOT is no setting; did you mean AIOACS_CWMP_HOST?",
        f"api_prot in {tmp_path}/aioacs.toml is no setting; did you mean api_port?",
        f"AIOACS_WORKERS in {tmp_path}/aioacs.toml is 0, but must be a whole number from 1 to 64",
        "AIOACS_CWMP_PORT is '99999', but must be a port from 0 to 65535, where 0 lets the kernel choose",
        "AIOACS_IDLE_TIMEOUT is 'nan', but must be a number from 1 to 3600",
        f"AIOACS_LOG_LEVEL in {tmp_path}/aioacs.toml is 'loud', but must be debug, info, warning or error",
        "AIOACS_API_TLS_PORT is set, which needs AIOACS_API_TLS_CERTIFICATE and AIOACS_API_TLS_KEY",
    ]


def test_a_name_that_is_like_none_gets_no_guess(tmp_path: Path) -> None:
    assert problems(tmp_path, FOO="1") == ["AIOACS_FOO is no setting; docs/settings.md has them all"]


def test_a_wrong_setting_causes_no_second_complaint_about_its_default(tmp_path: Path) -> None:
    told = problems(tmp_path, WORKERS="4", DATABASE_URL="mysql://host/aioacs")
    assert len(told) == 1
    assert told[0].startswith("AIOACS_DATABASE_URL is a value that is not shown, but must be sqlite:///")


def test_variables_of_our_own_tests_are_passed_over(tmp_path: Path) -> None:
    assert load_settings({"AIOACS_TEST_CWMP_XSD": "/somewhere"}, tmp_path) == Settings()


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"WORKERS": "2"}, "AIOACS_WORKERS is 2, but SQLite bears one: set AIOACS_DATABASE_URL to postgresql://..."),
        (
            {"WORKERS": "2", "DATABASE_URL": "postgresql://db/aioacs", "CWMP_PORT": "0"},
            "AIOACS_CWMP_PORT is 0, which several processes (AIOACS_WORKERS) cannot share: give it a number",
        ),
        ({"CWMP_TLS_KEY": "k"}, "AIOACS_CWMP_TLS_KEY is of no use without a TLS port: set AIOACS_CWMP_TLS_PORT"),
        ({"CWMP_TLS_PORT": "7548"}, "is set, which needs AIOACS_CWMP_TLS_CERTIFICATE and AIOACS_CWMP_TLS_KEY"),
        (
            {"CWMP_TLS_CLIENT_CERTIFICATES": "required", "CWMP_TLS_CLIENT_CA": "ca.pem"},
            "AIOACS_CWMP_TLS_CLIENT_CERTIFICATES is required, which needs AIOACS_CWMP_TLS_PORT",
        ),
        (
            {"CWMP_TLS_CLIENT_CA": "ca.pem"},
            "AIOACS_CWMP_TLS_CLIENT_CA is of no use while AIOACS_CWMP_TLS_CLIENT_CERTIFICATES is off: say optional or",
        ),
        (
            {"MAX_UNAUTHENTICATED_BODY": "1MiB", "MAX_BODY": "512KiB"},
            "AIOACS_MAX_UNAUTHENTICATED_BODY is 1MiB, but must not be more than AIOACS_MAX_BODY (512KiB)",
        ),
        (
            {"MAX_BODY": "128KiB"},
            "AIOACS_MAX_BODY is 128KiB, but must not be less than AIOACS_MAX_UNAUTHENTICATED_BODY (256KiB)",
        ),
        ({"IDLE_TIMEOUT": "61", "SESSION_TIMEOUT": "60"}, "AIOACS_IDLE_TIMEOUT is 61.0, but must not be more than"),
        ({"API_PORT": "7547"}, "AIOACS_API_PORT is 7547, and so is AIOACS_CWMP_PORT: give each listener its own"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(tmp_path: Path, variables: dict[str, str], what: str) -> None:
    told = problems(tmp_path, **variables)
    assert len(told) == 1
    assert what in told[0]


def test_ports_of_different_addresses_and_ports_the_kernel_chooses_may_be_equal() -> None:
    assert Settings(cwmp_host="192.0.2.1", api_host="127.0.0.1", cwmp_port=8080).cwmp_port == 8080
    assert Settings(cwmp_port=0, api_port=0).api_port == 0


def test_settings_cannot_be_changed_or_made_wrong() -> None:
    with pytest.raises(ValidationError):
        Settings().cwmp_port = 1
    with pytest.raises(ValidationError, match="SQLite bears one"):
        Settings(workers=2)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///data/aioacs.db",
        "sqlite:////var/lib/aioacs/aioacs.db",
        "postgresql:///aioacs?host=/var/run/postgresql",
        "postgresql://aioacs@db/aioacs",
        "postgresql://aioacs:p%40ss@[2001:db8::1]:5432/aioacs?sslmode=require",
        "postgresql://aioacs@db1:5432,db2:5432/aioacs?target_session_attrs=read-write",
    ],
)
def test_these_databases_are_taken(tmp_path: Path, url: str) -> None:
    assert load_settings({"AIOACS_DATABASE_URL": url}, tmp_path).database_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://u:{SECRET}@db/aioacs",
        f"postgresql//u:{SECRET}@db/aioacs",
        f"postgresql://u:{SECRET}/x@db/aioacs",
        f"postgresql://u:x@{SECRET}@db/aioacs",
        f"postgresql://u:{SECRET}#x@db/aioacs",
        f"postgresql://u:12?{SECRET}@db/aioacs",
        f"postgresql://u:{SECRET}:x/db",
        f"postgresql://u:{SECRET}\n@db/aioacs",
        f"postgresql://u:[{SECRET}@db/aioacs",
        f"mysql://u:{SECRET}@db/aioacs",
        f"sqlite://{SECRET}",
        f"sqlite:///{SECRET}?mode=memory",
        f"{SECRET}",
        "sqlite:///:memory:",
        "sqlite:///",
    ],
)
def test_a_wrong_database_url_is_refused_and_nothing_of_it_is_shown(tmp_path: Path, url: str) -> None:
    told = problems(tmp_path, DATABASE_URL=url)
    assert [each.split(",")[0] for each in told] == ["AIOACS_DATABASE_URL is a value that is not shown"]
    assert SECRET not in told[0]
    with pytest.raises(ValidationError) as caught:
        Settings(database_url=SecretStr(url))
    assert SECRET not in str(caught.value)


WRONG_SECRETS = {
    "DATABASE_URL": f"oracle://{SECRET}",
    "BOOTSTRAP_TOKEN": f"{SECRET} with spaces",
    "SECRET_KEY": f"1 {SECRET}",
    "WEBHOOK_SECRET": f"{SECRET} with spaces",
    "SMTP_URL": f"smtp://acs:{SECRET}@mail.example.net/path",
}


def test_no_setting_that_holds_a_secret_shows_it_when_it_is_wrong(tmp_path: Path) -> None:
    secret = {env_name(name) for name, field in Settings.model_fields.items() if holds_secret(field)}
    assert {f"AIOACS_{name}" for name in WRONG_SECRETS} == secret
    told = problems(tmp_path, **WRONG_SECRETS)
    assert len(told) == len(WRONG_SECRETS)
    assert SECRET not in "".join(told)
    lines = "".join(f'{name.lower()} = """{value}"""\n' for name, value in WRONG_SECRETS.items())
    (tmp_path / "aioacs.toml").write_text(lines)
    assert SECRET not in "".join(problems(tmp_path))


def test_settings_made_in_a_program_show_no_secret_when_they_are_wrong() -> None:
    for name, value in WRONG_SECRETS.items():
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate({name.lower(): value})
        assert SECRET not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"bootstrap_tokn": SECRET})
    assert SECRET not in str(caught.value)


def test_a_secret_in_the_wrong_place_is_not_shown_either(tmp_path: Path) -> None:
    assert SECRET not in "".join(problems(tmp_path, CWMP_PUBLIC_URL=f"http://u:{SECRET}@acs/"))
    assert SECRET not in "".join(problems(tmp_path, DATABASE_PASSWORD=SECRET))
    (tmp_path / "aioacs.toml").write_text(f'bootstrap_tokn = "{SECRET}"\n')
    assert SECRET not in "".join(problems(tmp_path))


@pytest.mark.parametrize("text", [f'bootstrap_token = "{SECRET}', f"{SECRET} {SECRET}", f"x = 1\nx = '{SECRET}'"])
def test_a_file_that_is_not_toml_is_told_by_its_place_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "aioacs.toml").write_text(text)
    told = problems(tmp_path)
    assert re.fullmatch(rf"{tmp_path}/aioacs.toml is not TOML \(at .*\)", told[0])
    assert SECRET not in "".join(told)


def test_a_table_in_the_file_is_told_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "aioacs.toml").write_text("[cwmp]\nport = 1\n")
    assert problems(tmp_path) == [
        f"cwmp in {tmp_path}/aioacs.toml is no setting: settings stand at the top, outside of tables"
    ]


def test_all_settings_are_shown_with_their_secrets_masked() -> None:
    key = base64.b64encode(b"k" * 32).decode()
    settings = Settings(
        database_url=SecretStr(f"postgresql://aioacs:{SECRET}@db:5432/aioacs?sslmode=require&password={SECRET}"),
        bootstrap_token=SecretStr(SECRET),
        secret_key=SecretStr(f"1 {key}"),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )
    shown = settings.shown()
    assert set(shown) == set(Settings.model_fields)
    assert shown["database_url"] == "postgresql://aioacs:********@db:5432/aioacs?sslmode=require&password=********"
    assert shown["bootstrap_token"] == "********"
    assert shown["trusted_proxies"] == ["10.0.0.0/8"]
    assert shown["log_level"] == "info"
    for text in (str(shown), repr(settings), str(settings)):
        assert SECRET not in text
        assert key not in text


def test_a_database_without_a_password_is_shown_as_it_is() -> None:
    for url in ("sqlite:////var/a.db", "postgresql://db/aioacs", "postgresql://u@db"):
        assert shown_database_url(SecretStr(url)) == url


def _default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return ""
        case SecretStr():
            return f"`{shown_database_url(field.default)}`"
        case ByteSize():
            return f"`{size_text(field.default)}`"
        case bool():
            return f"`{str(field.default).lower()}`"
        case tuple():
            return f"`{','.join(f'{each:g}' if isinstance(each, float) else str(each) for each in field.default)}`"
        case Path():
            return str(field.default)  # a path in code marks would have to be in the repository
        case Enum() | str():
            return f"`{field.default}`"
        case number:
            return f"`{number:g}`" if isinstance(number, float) else f"`{number}`"


def _tables() -> Iterator[str]:
    """What the document must have of each group: its title, and a table."""
    for group in GROUPS:
        rows = [
            f"| `{env_name(name)}` | {_default(field)} | {field.description} | {accepted(field)} |"
            for name, field in Settings.model_fields.items()
            if name in group.model_fields
        ]
        title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", group.__name__).capitalize().replace("Api", "API")
        table = "\n".join(["| variable | default | meaning | accepted |", "|---|---|---|---|", *rows])
        yield f"## {title}\n\n{group.__doc__}\n\n{table}\n"


def test_the_document_has_every_setting_with_its_default_and_meaning_and_no_other() -> None:
    tables = list(_tables())
    text = (ROOT / "docs" / "settings.md").read_text()
    right = f"{text.partition('## ')[0]}{chr(10).join(tables)}"
    (start, *_) = text.partition("\n## ")
    assert "AIOACS_CONFIG" in start
    assert text == right, (
        f"docs/settings.md is not what the settings say; from the first title on it should be:\n{right}"
    )


def test_every_setting_says_what_it_means_and_what_it_accepts() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert accepted(field), name
        assert sum(name in group.model_fields for group in GROUPS) == 1, name


@pytest.mark.parametrize(
    ("url", "host", "port", "is_secure", "login"),
    [
        ("smtp://mail.example.net", "mail.example.net", 587, False, ("", "")),
        ("smtp://mail.example.net:25/", "mail.example.net", 25, False, ("", "")),
        ("smtps://acs:p%40ss@mail.example.net", "mail.example.net", 465, True, ("acs", "p@ss")),
        ("smtp://[2001:db8::1]:2525", "2001:db8::1", 2525, False, ("", "")),
    ],
)
def test_a_mail_server_is_named_by_a_url(
    url: str, host: str, port: int, is_secure: bool, login: tuple[str, str]
) -> None:
    assert read_smtp_url(url) == SmtpServer(host, port, is_secure, *login)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.net",
        "http://mail.example.net",
        "smtp://",
        "smtp://mail.example.net:0",
        "smtp://mail.example.net:99999",
        "smtp://mail.example.net/inbox",
        "smtp://mail.example.net?tls=no",
        f"smtp://acs@{SECRET}",
        f"smtp://:{SECRET}@mail.example.net",
        f"smtp://acs:{SECRET}%0d%0aQUIT@mail.example.net",
    ],
)
def test_what_names_no_mail_server_is_refused_and_not_quoted(tmp_path: Path, url: str) -> None:
    (told,) = problems(tmp_path, SMTP_URL=url, SMTP_FROM="acs@example.net")
    assert told.startswith("AIOACS_SMTP_URL")
    assert SECRET not in told


@pytest.mark.parametrize("name", ["SMTP_URL", "SMTP_FROM"])
def test_mail_needs_a_server_and_a_sender(tmp_path: Path, name: str) -> None:
    both = {"SMTP_URL": "smtp://mail.example.net", "SMTP_FROM": "acs@example.net"}
    assert problems(tmp_path, **{name: both[name]}) == [f"AIOACS_{name} is set alone: mail needs both"]
    load_settings({f"AIOACS_{each}": value for each, value in both.items()}, tmp_path)


@pytest.mark.parametrize("sender", ["acs", "acs@", "NOC <acs@example.net>", "a@b@c", "acs@example.net\nBcc: x@y"])
def test_the_sender_of_mail_is_one_address(tmp_path: Path, sender: str) -> None:
    (told,) = problems(tmp_path, SMTP_URL="smtp://mail.example.net", SMTP_FROM=sender)
    assert told.startswith("AIOACS_SMTP_FROM")


@pytest.mark.parametrize(
    "text",
    [f"port = {'1' * 5_000}", f"a = {'[' * 100_000}", f"{'a.' * 20_000}b = 1", f"a = '{'x' * 2_000_000}'"],
    ids=len,
)
def test_a_file_that_would_take_its_reader_long_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "aioacs.toml").write_text(text)
    (told,) = problems(tmp_path)
    assert told.startswith(f"{tmp_path}/aioacs.toml is ")
    assert len(told) < 300
