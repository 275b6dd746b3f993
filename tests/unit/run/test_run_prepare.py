import dataclasses
import shutil

import pytest

from bot.run import prepare, stamps
from bot.run.errors import RunError
from bot.settings import ROOT, Settings


@pytest.fixture
def config(tmp_path, monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings(var=tmp_path / "var")


@pytest.fixture
def small_project(tmp_path, monkeypatch):
    """A project with two cards, in place of the real one."""
    root = tmp_path / "project"
    for folder in ("procedures", "life_events", "conditions"):
        (root / "data" / folder).mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "places", root / "data" / "places")
    shutil.copy(ROOT / "data" / "families.yml", root / "data")
    shutil.copytree(ROOT / "data" / "conditions", root / "data" / "conditions", dirs_exist_ok=True)
    monkeypatch.setattr(prepare, "ROOT", root)
    return root


def test_a_broken_card_is_named_with_file_line_and_field(config, small_project):
    card = small_project / "data" / "procedures" / "curp.yml"
    card.write_text("id: curp\nname: CURP\nsurprise: 1\n")
    with pytest.raises(RunError) as caught:
        prepare.build_catalogue(config)
    lines = str(caught.value).splitlines()
    assert any(line.startswith("data/procedures/curp.yml:3: surprise: ") for line in lines)
    assert not config.catalogue.exists()


def test_an_unchanged_catalogue_is_not_built_again_and_a_changed_one_is(config, small_project, monkeypatch):
    assert prepare.build_catalogue(config).startswith("0 procedures")
    assert prepare.build_catalogue(config) == "unchanged"
    assert prepare.build_catalogue(config, force=True) != "unchanged"
    (small_project / "data" / "procedures" / "curp.yml").write_text("id: [")
    with pytest.raises(RunError):
        prepare.build_catalogue(config)
    (small_project / "data" / "procedures" / "curp.yml").unlink()
    assert prepare.build_catalogue(config) == "unchanged"
    config.catalogue.unlink()
    assert prepare.build_catalogue(config) != "unchanged"


def test_a_digest_sees_names_and_contents_but_not_caches(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    first = stamps.digest(tmp_path, ["a", "missing"])
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "x.pyc").write_text("1")
    assert stamps.digest(tmp_path, ["a", "missing"]) == first
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    assert stamps.digest(tmp_path, ["a", "missing"]) != first


def test_the_database_is_made_and_brought_up_to_date_twice(config):
    prepare.upgrade_database(config)
    prepare.upgrade_database(config)
    assert (config.var / "ventanilla.sqlite").is_file()


@pytest.mark.parametrize(
    "address", ["postgresql://u:a-very-secret-password@127.0.0.1:1/d", "nonsense", "sqlite:////proc/no/such/file"]
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(config, address):
    with pytest.raises(RunError) as caught:
        prepare.upgrade_database(config.model_copy(update={"database_url": address}))
    assert "DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_phrases_are_compiled_under_var(config):
    assert prepare.build_languages(config)
    assert (config.locale_folder / "es_MX" / "LC_MESSAGES" / "ventanilla.mo").is_file()


def test_problems_with_phrases_name_files_of_the_project(monkeypatch):
    problem = prepare.languages.Problem(str(ROOT / "locale" / "x.po"), "is wrong")
    assert dataclasses.is_dataclass(problem)
    monkeypatch.setattr(prepare.languages, "check", lambda root: [problem])
    assert prepare.check_languages() == ["locale/x.po: is wrong"]
