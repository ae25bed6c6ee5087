"""The guarded POST and GET, against real sockets."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tenants.connectors import http
from tests.receiver import Reply, receiver


@pytest.fixture
def box():
    with receiver() as found:
        yield found


def send(url: str, **options) -> http.Answer:
    values = {"headers": {"X-Test": "1"}, "body": b"{}", "allow_private": True}
    return http.post(url=url, **(values | options))


def resolve_to(monkeypatch, *addresses: str) -> list[str]:
    """The name server's answer is the attacker's choice, so the tests make it theirs. Answers what was looked up."""
    asked: list[str] = []

    def answer(host: str, port: int, *args, **kwargs):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(http.socket, "getaddrinfo", answer)
    return asked


def test_post_answers(box):
    answer = send(box.url)

    assert (answer.status, answer.body, answer.error) == (200, "ok", "")
    assert box.received[0].headers["x-test"] == "1"


def test_post_does_not_follow_redirects(box):
    box.reply = Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    answer = send(box.url)

    assert answer.status == 302
    assert not answer.is_success
    assert len(box.received) == 1


def test_post_reads_no_more_than_64_kb_and_keeps_4(box):
    box.reply = Reply(body=b"x" * 5_000_000)

    assert send(box.url).body == "x" * 4096


def test_get_answers_with_all_of_it(box):
    box.reply = Reply(body=b"x" * 20_000)

    answer = http.ask(url=box.url, headers={"X-Key": "k"}, allow_private=True, largest=20_000)

    assert (answer.status, len(answer.body), answer.error) == (200, 20_000, "")
    assert (box.received[0].headers["x-key"], box.received[0].body) == ("k", b"")


def test_get_refuses_an_answer_that_is_too_large(box):
    box.reply = Reply(body=b"x" * 5_000_000)

    answer = http.ask(url=box.url, headers={}, allow_private=True, largest=64 * 1024)

    assert (answer.status, answer.body, answer.error) == (None, "", "The answer is larger than 64 KB.")


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "http://example.com/", "https://10.0.0.5/"])
def test_get_refuses_urls_that_lead_inside(url):
    assert "not allowed" in http.ask(url=url, headers={}, allow_private=False, largest=1024).error


def test_post_total_deadline_holds_against_trickle(box):
    box.reply = Reply(body=b"x" * 100, seconds_between_bytes=0.1)

    answer = send(box.url, total_seconds=0.4)

    assert answer.error == "Timed out."
    assert answer.status is None


def test_post_answer_with_nul_can_be_stored(box):
    box.reply = Reply(500, body=b"a\x00\xffb")

    assert send(box.url).body == "a��b"


def test_post_ignores_proxies_of_the_environment(box, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert send(box.url).status == 200


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1", "64:ff9b::a9fe:a9fe"])
def test_post_refuses_names_that_lead_inside(monkeypatch, address):
    resolve_to(monkeypatch, address)

    answer = send("https://hooks.example.com/x", allow_private=False)

    assert answer.error == f"hooks.example.com is {address}, which is not a public address."


def test_post_refuses_when_any_address_is_private(monkeypatch):
    resolve_to(monkeypatch, "93.184.216.34", "10.0.0.5")

    assert "not a public address" in send("https://hooks.example.com/x", allow_private=False).error


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://127.1/", "https://0x7f000001/"])
def test_post_refuses_urls_that_lead_inside(url):
    answer = send(url, allow_private=False)

    assert answer.status is None
    assert "not allowed" in answer.error or "not a public address" in answer.error


def test_post_unknown_name():
    assert "cannot be resolved" in send("http://nowhere.invalid/").error


def test_post_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        answer = send(f"http://127.0.0.1:{free.getsockname()[1]}/")

    assert answer.status is None
    assert "refused" in answer.error


def certificate_for(host: str, folder) -> tuple[str, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    path = folder / "cert.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    return str(path), ssl.create_default_context(
        cadata=signed.public_bytes(serialization.Encoding.PEM).decode()
    )


def read_request(stream: socket.socket) -> str:
    """Head and body: closing with some of it unread would reset the connection before the answer is read."""
    received = b""
    while not received.endswith(b"\r\n\r\n{}") and (part := stream.recv(4096)):
        received += part
    return received.decode()


def serve_tls_once(path: str, names: list[str | None]) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as stream:
                    names.append(read_request(stream))
                    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_post_connects_to_the_checked_address_and_keeps_the_name(monkeypatch, tmp_path):
    """The address is pinned; TLS and Host still carry the name, so certificates are checked for it."""
    path, trusting = certificate_for("hooks.example.com", tmp_path)
    names: list[str | None] = []
    port = serve_tls_once(path, names)
    asked = resolve_to(monkeypatch, "127.0.0.1")

    answer = send(f"https://hooks.example.com:{port}/x", ssl_context=trusting)

    assert answer.status == 200
    assert asked.count("hooks.example.com") == 1  # a second look-up could lead elsewhere
    assert names[0] == "hooks.example.com"
    assert f"Host: hooks.example.com:{port}" in str(names[1])


def test_post_refuses_a_certificate_for_another_name(monkeypatch, tmp_path):
    path, trusting = certificate_for("other.example.com", tmp_path)
    port = serve_tls_once(path, [])
    resolve_to(monkeypatch, "127.0.0.1")

    answer = send(f"https://hooks.example.com:{port}/x", ssl_context=trusting)

    assert answer.status is None
    assert "certificate" in answer.error.lower()
