"""POST /v1/*: the Segment-shaped HTTP API that existing analytics SDKs send to.

Its answers are dictated by what real SDKs do with them (tests/ingestion_api/test_sdk_rules.py): success is
exactly 200 with a JSON object, no path ever redirects, an error body has `code` and `message`, and one bad event never
fails its batch.
"""
