"""Generate the S3 policy of the lake's bucket: roles read the tables that they may see, the service everything."""

from __future__ import annotations

import json
import re
from typing import Any

from contender.granting.apply import GrantError
from contender.granting.holders import Holder, list_holders, tables_of
from contender.specs import Access, Catalog

SERVICE = "contender-service"
LARGEST = 20 * 1024  # bytes of a bucket's policy
VERSION = "2012-10-17"  # of the policy language; there is no newer one

Statement = dict[str, Any]


def render_s3(access: Access, catalog: Catalog, *, bucket: str, prefix: str, account: str) -> str:
    """Return the bucket's policy as JSON. Its principals are IAM roles of the account, named by `iam_name`.

    Everything but the files of its tables is explicitly denied to a role, especially the landing zone, staging and the
    quarantine with unmasked personal data. Columns of a file cannot be masked, so tables with personal data require
    the right to read it. Raises GrantError if the policy exceeds the size limit.
    """
    statements = [_service(bucket, account)]
    for holder in list_holders(access, catalog):
        statements += restrict_reading(holder, catalog, bucket=bucket, prefix=prefix, account=account)
    policy = {"Version": VERSION, "Statement": statements}
    if (size := len(json.dumps(policy, separators=(",", ":")))) > LARGEST:
        raise GrantError(
            f"the policy has {size} bytes, but S3 allows {LARGEST}: create an access point per role instead, with the "
            "statements of that role"
        )
    return json.dumps(policy, indent=2) + "\n"


def restrict_reading(
    holder: Holder, catalog: Catalog, *, bucket: str, prefix: str, account: str
) -> list[Statement]:
    """Return the statements of a role: reading is allowed, and denied outside of the files of its tables.

    A denial outweighs every other policy. Only the denials list the tables, since a policy may not be long.
    """
    principal = {"AWS": _arn(iam_name(holder.name), account)}
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    places = [
        "/".join(part for part in (prefix.strip("/"), table.replace(".", "/")) if part)
        for table in readable_tables(holder, catalog)
    ]
    denied: Statement = {
        "Sid": _sid("Deny", holder),
        "Effect": "Deny",
        "Principal": principal,
        "Action": "s3:*",
    }
    if not places:
        return [{**denied, "Resource": everything}]
    allowed: Statement = {
        "Sid": _sid("Read", holder),
        "Effect": "Allow",
        "Principal": principal,
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": everything,
    }
    reading = [f"arn:aws:s3:::{bucket}", *(f"arn:aws:s3:::{bucket}/{place}/*" for place in places)]
    listing: Statement = {
        "Sid": _sid("DenyList", holder),
        "Effect": "Deny",
        "Principal": principal,
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringNotLike": {"s3:prefix": [f"{place}/*" for place in places]}},
    }
    return [allowed, {**denied, "NotResource": reading}, listing]


def readable_tables(holder: Holder, catalog: Catalog) -> tuple[str, ...]:
    """Return the tables whose files a role may read; those with personal data require `read_pii`."""
    personal = {t for t, contract in catalog.tables.items() if any(column.pii for column in contract.columns)}
    unmasked = set(tables_of(holder, "read_pii", catalog))
    return tuple(t for t in tables_of(holder, "see", catalog) if t not in personal or t in unmasked)


def iam_name(role: str) -> str:
    """Return a role's name in IAM, which allows only letters, digits and `_+=,.@-`: `contender-data_engineer`."""
    return re.sub(r"[^\w+=,.@-]", "-", role.replace("contender.", "contender-", 1))


def _service(bucket: str, account: str) -> Statement:
    return {
        "Sid": "Service",
        "Effect": "Allow",
        "Principal": {"AWS": _arn(SERVICE, account)},
        "Action": [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:ListBucket",
            "s3:AbortMultipartUpload",
        ],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }


def _sid(word: str, holder: Holder) -> str:
    return word + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", holder.name))


def _arn(role: str, account: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"
