import functools
import hashlib
import io
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lacunar.datasets import movielens
from lacunar.datasets.movielens import DATASETS, Archive, fetch
from lacunar.errors import InputError

FILES = {"ratings.csv": b"userId,movieId,rating,timestamp\n1,1,4.0,9\n", "README.txt": b"terms\n"}


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A server's address, and a way to publish a zip file there as the data set "tiny"."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = tmp_path / "served"
    served.mkdir()
    handler = functools.partial(QuietHandler, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def publish(members=None, **changes):
        body = zipped(members or {f"tiny/{name}": data for name, data in FILES.items()})
        (served / "tiny.zip").write_bytes(body)
        facts = {
            "description": "two files",
            "licence": "none",
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "members": tuple(FILES),
            "unpacked_limit": 1000,
        }
        monkeypatch.setitem(DATASETS, "tiny", Archive(**(facts | changes)))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield publish
    server.shutdown()
    thread.join()
    server.server_close()


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_files_lie_flat_in_the_directory_and_nothing_else_is_left(site, tmp_path):
    target = tmp_path / "data" / "ml"
    assert fetch("tiny", target, base_url=site()) == target
    assert contents(target) == FILES
    assert [path.name for path in target.parent.iterdir()] == ["ml"]


def test_an_empty_directory_is_filled(site, tmp_path):
    (tmp_path / "ml").mkdir()
    fetch("tiny", tmp_path / "ml", base_url=site() + "/")
    assert contents(tmp_path / "ml") == FILES


def test_an_occupied_directory_is_left_alone(site, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "ratings.csv").write_text("mine")
    with pytest.raises(
        InputError, match=r"to be missing or empty, got a folder with 'ratings\.csv"
    ):
        fetch("tiny", tmp_path / "ml", base_url=site())
    assert contents(tmp_path / "ml") == {"ratings.csv": b"mine"}


def test_force_replaces_an_earlier_copy(site, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "ratings.csv").write_text("old")
    fetch("tiny", tmp_path / "ml", base_url=site(), force=True)
    assert contents(tmp_path / "ml") == FILES


def test_force_spares_a_folder_with_other_files(site, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"an earlier copy and nothing else, got 'thesis\.tex'"):
        fetch("tiny", tmp_path / "ml", base_url=site(), force=True)
    assert contents(tmp_path / "ml") == {"thesis.tex": b"mine"}


def test_a_file_in_the_way_is_an_error(site, tmp_path):
    (tmp_path / "ml").write_text("mine")
    with pytest.raises(InputError, match="got the file"):
        fetch("tiny", tmp_path / "ml", base_url=site(), force=True)


def test_an_earlier_part_is_used(site, tmp_path):
    base_url = site()
    body = (tmp_path / "served" / "tiny.zip").read_bytes()
    (tmp_path / "served" / "tiny.zip").unlink()
    (tmp_path / "tiny.zip.part").write_bytes(body)
    fetch("tiny", tmp_path / "ml", base_url=base_url)
    assert contents(tmp_path / "ml") == FILES


def test_a_wrong_checksum_leaves_no_directory_and_no_part(site, tmp_path):
    base_url = site(sha256="0" * 64)
    with pytest.raises(InputError, match=r"expected .* to have SHA-256 000"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_without_a_server_the_error_explains_the_manual_download(tmp_path):
    address = "http://127.0.0.1:1"
    with pytest.raises(InputError) as error:
        fetch("ml-latest-small", tmp_path / "ml", base_url=address)
    url = f"{address}/ml-latest-small.zip"
    assert str(error.value).startswith(f"expected to reach {url}, got no connection (")
    assert str(error.value).endswith(
        f"or download {url} by hand and unpack its files into {tmp_path / 'ml'}"
    )


def test_a_missing_zip_names_the_status(site, tmp_path):
    base_url = site()
    with pytest.raises(InputError, match="got HTTP status 404"):
        fetch("tiny", tmp_path / "ml", base_url=f"{base_url}/elsewhere")


@pytest.mark.parametrize(
    "extra", ["tiny/../../evil.csv", "/evil.csv", "tiny/sub/evil.csv", "evil.csv", "../evil.csv"]
)
def test_a_member_outside_the_folder_is_refused(extra, site, tmp_path):
    members = {f"tiny/{name}": data for name, data in FILES.items()} | {extra: b"evil"}
    base_url = site(members)
    with pytest.raises(InputError, match="to hold the files of tiny/ and no others"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)
    assert list(tmp_path.rglob("evil.csv")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_a_missing_member_is_refused(site, tmp_path):
    base_url = site({"tiny/ratings.csv": b"x"})
    with pytest.raises(InputError, match=r"got no 'tiny/README\.txt'"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)


def test_a_zip_that_unpacks_too_large_is_refused(site, tmp_path):
    base_url = site({"tiny/ratings.csv": b"0" * 990, "tiny/README.txt": b"0" * 20})
    with pytest.raises(InputError, match=r"to unpack to at most 1000 bytes, got more at README"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_a_member_with_another_hash_is_refused(site, tmp_path):
    base_url = site(member_sha256={"ratings.csv": "0" * 64})
    with pytest.raises(InputError, match=r"expected ratings\.csv of tiny\.zip to have SHA-256 000"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)
    assert not (tmp_path / "ml").exists()


def test_a_member_with_its_hash_passes(site, tmp_path):
    right = hashlib.sha256(FILES["ratings.csv"]).hexdigest()
    fetch("tiny", tmp_path / "ml", base_url=site(member_sha256={"ratings.csv": right}))
    assert contents(tmp_path / "ml") == FILES


def test_an_invalid_zip_file_is_refused(site, tmp_path):
    base_url = site()
    body = b"<html>sorry</html>"
    (tmp_path / "served" / "tiny.zip").write_bytes(body)
    sha256 = hashlib.sha256(body).hexdigest()
    DATASETS["tiny"] = Archive("", "", len(body), sha256, tuple(FILES), 1000)
    with pytest.raises(InputError, match=r"expected tiny\.zip to be a zip file"):
        fetch("tiny", tmp_path / "ml", base_url=base_url)


def test_an_http_address_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="expected an https address"):
        fetch("ml-25m", tmp_path / "new" / "ml", base_url="http://example.org")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("archive", DATASETS.values(), ids=DATASETS)
def test_every_published_archive_states_its_facts(archive):
    assert len(bytes.fromhex(archive.sha256)) == 32
    assert {"ratings.csv", "movies.csv", "README.txt"} <= set(archive.members)
    assert set(archive.member_sha256) <= set(archive.members)
    assert archive.unpacked_limit > archive.size
    assert "\n" not in archive.licence + archive.description
    assert movielens.fetch.__kwdefaults__["base_url"].startswith("https://files.grouplens.org/")
