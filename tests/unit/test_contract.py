"""What a contract promises to those who read its table."""

from hypothesis import given
from hypothesis import strategies as st

from contender.specs import Between, Column, Contract, NotNull, RowCount, Unique

column_names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(column_names, st.data())
def test_a_contract_promises_values_then_its_key_then_what_is_stated(names, data):
    nullable = data.draw(st.sets(st.sampled_from(names)))
    columns = tuple(
        Column(name=name, type="number", description="figure", nullable=name in nullable) for name in names
    )
    stated = (RowCount(low=1, high=9), Between(column=names[0], low=0))
    contract = Contract(
        table="datasets.figures",
        owner="figures@company.example",
        columns=columns,
        primary_key=(names[0],),
        expectations=stated,
        daily=False,
    )
    filled = tuple(NotNull(column=name) for name in names if name not in nullable)
    assert contract.promises() == (*filled, Unique(key=(names[0],)), *stated)
