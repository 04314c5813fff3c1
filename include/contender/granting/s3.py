"""The policy of the lake's bucket in S3: a role reads the files of tables that it may see, and the service all."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from contender.granting.apply import GrantError
from contender.granting.holders import Holder, list_holders, tables_of
from contender.specs import Access, Catalog

SERVICE = "contender-service"
LARGEST = 20 * 1024  # bytes of a bucket's policy
VERSION = "2012-10-17"  # of the policy language; there is no newer one

Statement = dict[str, Any]


def render_s3(access: Access, catalog: Catalog, *, bucket: str, prefix: str, account: str) -> str:
    """The bucket's policy as JSON. Its principals are IAM roles of the account, called as `iam_name` says.

    What is not allowed here is denied to these roles, whatever other policies allow them: above all the landing zone,
    staging and the quarantine, where personal data lies unmasked. Raises GrantError when there is more to say than a
    policy can hold. A file of a table with personal data is for those
    whose role may read it: no column can be masked in a file.
    """
    statements = [_service(bucket, account)]
    for holder in list_holders(access, catalog):
        principal = {"AWS": _arn(iam_name(holder.name), account)}
        allowed = allow_reading(holder, catalog, bucket=bucket, prefix=prefix)
        statements += [{**statement, "Principal": principal} for statement in allowed]
        statements += _deny_rest(principal, allowed, bucket, holder)
    policy = {"Version": VERSION, "Statement": statements}
    if (size := len(json.dumps(policy, separators=(",", ":")))) > LARGEST:
        raise GrantError(
            f"the policy has {size} bytes, and S3 takes {LARGEST}: give each role an access point of its own instead, "
            "with the statements that are about it"
        )
    return json.dumps(policy, indent=2) + "\n"


def allow_reading(holder: Holder, catalog: Catalog, *, bucket: str, prefix: str) -> list[Statement]:
    """What a holder may do in the bucket: read and list the files of its tables, and nothing else."""
    places = [
        "/".join(part for part in (prefix.strip("/"), table.replace(".", "/")) if part)
        for table in readable_tables(holder, catalog)
    ]
    if not places:
        return []
    return [
        {
            "Sid": _sid("Read", holder),
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{bucket}/{place}/*" for place in places],
        },
        {
            "Sid": _sid("List", holder),
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}"],
            "Condition": {"StringLike": {"s3:prefix": [f"{place}/*" for place in places]}},
        },
    ]


def readable_tables(holder: Holder, catalog: Catalog) -> tuple[str, ...]:
    """The tables whose files a holder may read: those it may see, with personal data only where it may read that."""
    personal = {t for t, contract in catalog.tables.items() if any(column.pii for column in contract.columns)}
    unmasked = set(tables_of(holder, "read_pii", catalog))
    return tuple(t for t in tables_of(holder, "see", catalog) if t not in personal or t in unmasked)


def iam_name(role: str) -> str:
    """A role's name in IAM, which knows letters, digits and `+=,.@-` alone: `contender-data_engineer`."""
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


def _deny_rest(
    principal: dict[str, str], allowed: Sequence[Statement], bucket: str, holder: Holder
) -> list[Statement]:
    reading = [resource for statement in allowed for resource in statement["Resource"]]
    denied: Statement = {"Sid": _sid("Deny", holder), "Effect": "Deny", "Principal": principal}
    if not reading:
        everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
        return [{**denied, "Action": "s3:*", "Resource": everything}]
    listing: Statement = {
        "Sid": _sid("DenyList", holder),
        "Effect": "Deny",
        "Principal": principal,
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringNotLike": allowed[-1]["Condition"]["StringLike"]},
    }
    return [{**denied, "Action": "s3:*", "NotResource": reading}, listing]


def _sid(word: str, holder: Holder) -> str:
    return word + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", holder.name))


def _arn(role: str, account: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"
