"""Attacks on the app: other sites, other names, paths that lead out, too much, hostile words."""

import socket
from contextlib import closing

import httpx
import pytest

PAGES = ["/", "/events?at=x", "/plotly.js", "/static/app.css"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    folder = root / "folder"
    (folder / "runs").mkdir(parents=True)
    (root / "secret").mkdir()
    (root / "secret" / "manifest.json").write_text('{"word": "hush"}')
    (folder / "linked").symlink_to(root / "secret")
    hostile = folder / 'a"><img src=x onerror=alert(1)>'
    hostile.mkdir()
    (hostile / "manifest.json").write_text("[]")
    (folder / "named").mkdir()
    (folder / "named" / "status.json").write_text(
        '{"name": "<script>alert(2)</script>", "state": "<b>done</b>", "total": 3, "done": 3}'
    )
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_told_without_the_cookie(server, page):
    assert httpx.get(server.address + page).status_code == 403


def test_a_wrong_token_lets_nobody_in(server):
    answer = httpx.get(f"{server.address}/?token=guess")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_strict_and_out_of_scripts_reach(server):
    said = httpx.get(server.link).headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "", "127.0.0.1"],
)
def test_another_name_is_refused(server, client, host):
    port = server.host.rpartition(":")[2]
    answer = client.get("/", headers={"host": host.format(port=port)})
    assert answer.status_code in (400, 421)
    assert "forescale app" not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://{host}"},
        {"x-csrf-token": "guess"},
        {"x-csrf-token": ""},
    ],
)
def test_a_change_asked_for_by_another_site_is_refused(server, client, change):
    headers = {name: value.format(host=server.host) for name, value in change.items()}
    assert client.post("/stop?at=runs", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "runs/../../secret",
        "/etc",
        "linked",
        "linked/x",
        "..",
        "runs//x",
        "",
        "a\\..",
        "\0",
    ],
)
def test_no_path_leads_out(client, path):
    answer = client.get("/events", params={"at": path})
    assert answer.status_code == 404
    assert "hush" not in answer.text


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/..%2fserver.py", "/../etc"])
def test_static_files_are_of_one_folder(server, client, path):
    request = client.build_request("GET", server.address)
    request.url = request.url.copy_with(raw_path=path.encode())
    assert client.send(request).status_code == 404


def test_hostile_names_are_text(client):
    page = client.get("/").text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "<b>done</b>" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_a_linked_folder_is_not_listed(client):
    assert "hush" not in client.get("/").text
    assert "linked" not in client.get("/").text


def test_a_large_body_is_refused_before_it_is_read(server):
    """As a raw request: a client of its own would send all of the gigabyte first."""
    with (
        closing(server.client()) as client,
        socket.create_connection(server.host.split(":")) as raw,
    ):
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        head = [
            "POST /new/upload HTTP/1.1",
            f"Host: {server.host}",
            f"Origin: {server.address}",
            f"Cookie: {cookie}",
            f"X-CSRF-Token: {client.headers['x-csrf-token']}",
            f"Content-Length: {1024**3}",
        ]
        raw.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_that_hides_its_length_is_cut(client):
    def endless():
        for _ in range(64):
            yield bytes(65536)

    try:
        answer = client.post("/stop", params={"at": "named"}, content=endless())
    except httpx.TransportError:
        return  # cut off in the middle
    assert answer.status_code >= 400


def test_every_page_forbids_inline_scripts(client):
    for page in PAGES[2:]:
        policy = client.get(page).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    page = client.get("/").text
    assert "<script>" not in page
    assert " style=" not in page
    assert "onclick" not in page
