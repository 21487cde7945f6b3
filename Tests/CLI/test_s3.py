# SPDX-License-Identifier: Apache-2.0
"""`s3://`: every request is signed as botocore signs it, which is Amazon's own."""

import hashlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .command import ENVIRONMENT, run
from .releases import publish
from .store import serving

KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="


def is_signed(request, body, region, token):
    """Whether a request has the signature that botocore gives it."""
    scheme, _, fields = request.headers.get("authorization", "").partition(" ")
    if scheme != "AWS4-HMAC-SHA256":
        return False
    parts = dict(part.strip().split("=", 1) for part in fields.split(","))
    signed = parts["SignedHeaders"].split(";")
    content = request.headers.get("x-amz-content-sha256")
    headers = {name: request.headers[name] for name in signed}
    theirs = AWSRequest(request.method, f"http://{request.headers['host']}{request.raw_path}", headers=headers)
    theirs.context["timestamp"] = request.headers["x-amz-date"]
    auth = S3SigV4Auth(Credentials(KEY, SECRET, token), "s3", region)
    return (
        {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed)
        and content in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest())
        and request.headers.get("x-amz-security-token") == token
        and parts["Credential"] == f"{KEY}/{auth.credential_scope(theirs)}"
        and parts["Signature"] == auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
    )


@pytest.fixture(params=[None, TOKEN], ids=["key", "session"])
def token(request):
    """A session's token, or none."""
    return request.param


@pytest.fixture
def store(tmp_path, token):
    """A store with a bucket `ads`, which takes signed requests alone."""
    (tmp_path / "store").mkdir()
    with serving(tmp_path / "store") as store:
        store.allows = lambda request, body: is_signed(request, body, "eu-central-1", token)
        yield store


@pytest.fixture
def environment(store, token):
    """The account at the store; its buckets are below the endpoint."""
    account = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": store.url.removesuffix("/ads"),
    }
    return ENVIRONMENT | account | ({"AWS_SESSION_TOKEN": token} if token else {})


def test_every_request_of_push_and_pull_is_signed(store, environment, published, tmp_path):
    name = "strange name+(1)=é&~'!*.json"
    (published / "batch/1042.json").rename(published / "batch" / name)
    publish(published / "batch", published / "models", "strange")
    result = run("push", "--secret", published / "models", "s3://ads/prod/v 1%+é", env=environment)
    assert result.status == 2  # a URL is ASCII
    assert "%20" in result.errors
    result = run("push", "--secret", published / "models", "s3://ads/prod/v+1", env=environment)
    assert (result.status, result.errors) == (0, "")
    assert (store.root / "prod/v+1/releases/strange" / name).exists()
    assert {request.method for request in store.requests} == {"GET", "HEAD", "PUT"}
    result = run("pull", "s3://ads/prod/v+1", tmp_path / "mirror", env=environment)
    assert (result.status, result.errors) == (0, "")
    assert run("validate", tmp_path / "mirror").status == 0
    assert {request.status for request in store.requests} == {200, 201, 404}


def test_a_download_that_was_cut_off_goes_on_signed(store, environment, published, tmp_path):
    run("push", "--secret", published / "models", "s3://ads", env=environment)
    store.cut = lambda request: 3000 if request.path.endswith("index.valuation") else None
    store.forget()
    result = run("pull", "s3://ads", tmp_path / "mirror", env=environment)
    assert (result.status, result.errors) == (0, "")
    assert [request.status for request in store.requests if request.path.endswith("index.valuation")] == [200, 206, 206]


@pytest.mark.parametrize("wrong", [{"AWS_SECRET_ACCESS_KEY": "another"}, {"AWS_REGION": "eu-west-1"}], ids=str)
def test_a_wrong_account_is_refused(store, environment, published, tmp_path, wrong):
    if "AWS_REGION" in wrong:
        store.allows = lambda request, body: "/eu-central-1/" in request.headers["authorization"]
    result = run("pull", "s3://ads", tmp_path / "mirror", env=environment | wrong)
    assert (result.status, result.output) == (2, "")
    assert "s3://ads/LATEST: The requested URL returned error: 403" in result.errors


def test_a_redirect_is_not_followed_with_a_token(store, environment, tmp_path):
    store.answers["LATEST"] = (307, b"<Error/>", {"Location": f"{store.url}/elsewhere/LATEST"})
    store.allows = lambda request, body: True
    result = run("pull", "s3://ads", tmp_path / "mirror", env=environment)
    assert (result.status, result.output) == (2, "")
    assert "s3://ads/LATEST: The server answered with status 307" in result.errors
    assert store.asked() == ["LATEST"]


def test_a_public_bucket_needs_no_account(store, environment, published, tmp_path):
    run("push", "--secret", published / "models", "s3://ads", env=environment)
    store.allows = lambda request, body: "authorization" not in request.headers
    keyless = {name: value for name, value in environment.items() if "KEY" not in name and "TOKEN" not in name}
    result = run("pull", "s3://ads", tmp_path / "mirror", env=keyless)
    assert (result.status, result.errors) == (0, "")
