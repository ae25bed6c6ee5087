"""What needs a real socket under gunicorn: chunked bodies, early answers to large bodies, a database that goes away."""

import gzip
import http.client
import json
import os
import socket
from contextlib import closing

import psycopg
import pytest
from django.db import connection

from tests.ingestion_api.conftest import TRACK, make_product
from tests.live import live_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup):
    with live_web(tmp_path_factory.mktemp("web")) as web:
        yield web


def post(web, body, **headers):
    """Send and read the answer; an iterator as body goes in chunks."""
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)) as client:
        client.request("POST", "/v1/batch", body=body, headers=headers)
        response = client.getresponse()
        return response.status, json.loads(response.read()), response.headers


def pieces(data, size=7):
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_rule_7_a_chunked_body_is_read_to_its_end(web, acme, now, squeeze):
    product = make_product(acme, now)
    body = squeeze(json.dumps({"batch": [TRACK], "writeKey": product.secret}).encode())
    status, said, _ = post(web, pieces(body), **{"Content-Type": "text/plain"})
    assert (status, said["accepted"]) == (200, 1)
    assert product.inbox() == [TRACK]


def test_a_chunked_body_over_the_limit_is_413(web, acme, now):
    product = make_product(acme, now)
    endless = (b" " * 65536 for _ in range(400))
    status, said, _ = post(web, endless, **{"X-Write-Key": product.secret})
    assert (status, said["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(("size", "status"), [(18_000_000, 401), (40_000_000, 401)])
def test_an_early_refusal_reaches_a_client_that_is_still_sending(web, size, status):
    assert post(web, b" " * size, authorization="Bearer pql_w_unknown")[0] == status


def test_a_body_that_breaks_off_stores_nothing(web, acme, now):
    product = make_product(acme, now)
    with socket.create_connection(("127.0.0.1", web.port)) as client:
        head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nX-Write-Key: {product.secret}\r\n"
        client.sendall(head.encode() + b'Content-Length: 500\r\n\r\n{"batch": [')
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(65536)
    assert b"200 OK" not in answer
    assert product.inbox() == []


def test_a_database_that_goes_away_is_503_and_comes_back_by_itself(web, acme, now):
    product = make_product(acme, now)
    body, key = json.dumps({"batch": [TRACK]}), {"X-Write-Key": product.secret}
    name = os.environ["DATABASE_URL"].rpartition("/")[2]
    connection.close()  # this test's own would be ended too
    assert post(web, body, **key)[0] == 200
    with psycopg.connect(os.environ["PQLHUB_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" WITH CONNECTION LIMIT 0')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        status, said, headers = post(web, body, **key)
        admin.execute(f'ALTER DATABASE "{name}" WITH CONNECTION LIMIT -1')
    assert (status, said["code"]) == (503, "unavailable")
    assert 1 <= int(headers["Retry-After"]) <= 300
    assert post(web, body, **key)[0] == 200
