"""Read what the account of a model is made of: its tasks and those of its inputs, its returns, its stored bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from contender.accounting.account import Account, Prices, Share, Terms, settle
from contender.installation import Installation
from contender.specs import ModelSpec

MONTHS = timedelta(days=90)


def read_account(installation: Installation, model: ModelSpec, since: date | None = None) -> Account:
    """Return the account of a model over nights and days from `since` on, by default the newest three months.

    Changes nothing.
    """
    book, here = installation.book, installation.settings
    if since is None:
        newest = book.task_uses.newest_night(model.name) or date.max
        since = newest - MONTHS
    prices = Prices(
        currency=here.currency,
        cpu=here.price_of_cpu,
        memory=here.price_of_memory,
        storage=here.price_of_storage,
    )
    terms = Terms(
        model=model.name,
        prices=prices,
        covered_days=max(1, model.label_maturity_days),
        valued=model.value is not None,
    )
    shares = list(_read_shares(installation, model, since))
    return settle(terms, shares, book.returns.since(model.name, since), _stored_bytes(installation, model))


def _read_shares(installation: Installation, model: ModelSpec, since: date) -> Iterator[Share]:
    """Yield the tasks of the model, then those of its datasets, which are split among the models that read them."""
    uses = installation.book.task_uses
    for use in uses.since(model.name, since):
        yield Share(use=use)
    for given in model.inputs:
        if given.dataset is None:
            continue
        readers = [
            one
            for one in installation.catalog.models.values()
            if given.name in {its.name for its in one.inputs}
        ]
        for use in uses.since(given.dataset, since):
            yield Share(use=use, share=1 / len(readers))


def _stored_bytes(installation: Installation, model: ModelSpec) -> int:
    """Return the bytes of the newest snapshots of the model's tables; old snapshots and artifacts are left out."""
    newest = (installation.lake.snapshots(contract.table, 1) for contract in model.contracts)
    return sum(found[0].size for found in newest if found)
