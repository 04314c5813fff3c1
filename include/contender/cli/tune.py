"""`contender tune`: search a recipe's parameters on past days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contender.cli.reports import check_known, show_progress
from contender.cli.terminal import echo_json
from contender.installation import open_installation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from contender.specs import ModelSpec, Recipe
    from contender.tuning import Proposal, Tuned
    from contender.tuning.space import Value


def tune(
    model: Annotated[str, typer.Argument(help="A model of the catalog.")],
    recipe: Annotated[str | None, typer.Option(help="The recipe. Default: the first one.")] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="What is searched, NAME=LOW..HIGH or NAME=one,other; may be given several times. NAME is a parameter, "
            "`window_days` or `half_life_days`. Default: each number from a fourth to four times its value."
        ),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Sets of parameters that are tried at most.")] = 40,
    minutes: Annotated[float, typer.Option(min=0.1, help="No trial begins after so many minutes.")] = 15,
    rows: Annotated[
        int, typer.Option(min=1000, help="Most labelled rows that are used; of more, a seeded sample.")
    ] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Search the parameters of a recipe on past days, and propose a recipe if a better one is found.

    Trials are fitted before each of four past blocks of up to four weeks and measured on it. The best one is then
    measured on the newest block, which no trial was chosen by. A proposed recipe is printed for `spec.py`; added to
    `recipes`, it competes with the champion as any other and is promoted only if it wins.

    Changes nothing.
    """
    from contender.feasibility import read_subject
    from contender.tuning import Budget, default_space, judge, read_space
    from contender.tuning import tune as search

    here = open_installation()
    chosen = _choose_recipe(spec := here.catalog.model(model), recipe)
    space = read_space(chosen, vary) if vary else default_space(chosen)
    with show_progress("trials") as progress:
        task = progress.add_task(f"{model} {chosen.name}", total=trials)
        subject = read_subject(here, spec, chosen, rows)
        proposal = judge(search(subject, space, Budget(trials, minutes), lambda: progress.advance(task)))
    if as_json:
        echo_json(proposal)
    else:
        typer.echo("\n".join(_render(proposal, here.catalog.model_home(model) / "spec.py")))


def _choose_recipe(model: ModelSpec, name: str | None) -> Recipe:
    if name is None:
        return model.recipes[0]
    (known,) = check_known("--recipe", [name], [one.name for one in model.all_recipes])
    return model.recipe(known)


def _render(proposal: Proposal, spec: Path) -> Iterator[str]:
    from contender.drafting import expression

    found = proposal.search
    states = [trial.state for trial in found.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    yield f"{found.model}: recipe {found.recipe.name}, {len(states)} trials ({counts}) in {found.seconds:.0f} s"
    first, last = found.searched[0].first, found.searched[-1].last
    yield f"Measured on {first} to {last}, {found.loss} loss; {found.rows:,} labelled rows"
    yield from ("", *_list_values(found), "")
    yield proposal.reason[0].upper() + proposal.reason[1:] + "."
    if proposal.recipe is not None:
        yield from ("", f"Add it to `recipes` in {spec}; it then competes with the champion:", "")
        yield f"{' ' * 8}{expression(proposal.recipe, indent=8)},"


def _list_values(found: Tuned) -> Iterator[str]:
    best: Mapping[str, Value] = found.best.changes if found.best else {}
    wide = max(map(len, found.current))
    yield f"{'parameter':{max(wide, 9)}}  {'now':>10}  {'best trial':>10}"
    for name, value in found.current.items():
        yield f"{name:{max(wide, 9)}}  {value!s:>10}  {best.get(name, '–')!s:>10}"
    if found.best:
        yield f"{'loss':{max(wide, 9)}}  {found.loss_now:>10.5f}  {found.best.loss:>10.5f}"
