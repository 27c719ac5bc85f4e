"""A level's queue serves first come first, from whatever place orders leave it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import Side
from mainspring.venue.queue import LevelQueue, QueuedOrder

operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 9)),
        st.tuples(st.just("remove"), st.integers(0, 30)),
        st.tuples(st.just("reduce"), st.integers(0, 30)),
        st.tuples(st.just("take"), st.integers(0, 25)),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(operations)
def test_it_agrees_with_a_list(steps):
    queue, model = LevelQueue(Side.BUY, 100), []
    for order_id, (kind, number) in enumerate(steps):
        if kind == "append":
            order = QueuedOrder(order_id, number)
            queue.append(order)
            model.append([order_id, number, order])
        elif kind == "take":
            taken = [(order.order_id, part) for order, part in queue.take(number)]
            wanted = []
            while number and model:
                part = min(number, model[0][1])
                wanted.append((model[0][0], part))
                number -= part
                model[0][1] -= part
                if not model[0][1]:
                    assert model.pop(0)[2].queue is None
            assert taken == wanted
        elif model:
            entry = model[number % len(model)]
            if kind == "remove":
                queue.remove(entry[2])
                model.remove(entry)
                assert entry[2].queue is None
            elif entry[1] > 1:
                queue.reduce(entry[2], 1)
                entry[1] -= 1
        assert [(order.order_id, order.lots) for order in queue] == [(one, lots) for one, lots, _ in model]
        assert (queue.lots, queue.orders) == (sum(lots for _, lots, _ in model), len(model))
        for place, (_, _, order) in enumerate(model):
            assert order.queue is queue
            assert queue.lots_ahead(order) == sum(lots for _, lots, _ in model[:place])


def test_it_prints_without_its_neighbours():
    queue = LevelQueue(Side.SELL, 7)
    for order_id in (1, 2):
        queue.append(QueuedOrder(order_id, 5))
    assert repr(queue) == "LevelQueue(side=-1, price_ticks=7, lots=10, orders=2)"
    assert [repr(order) for order in queue] == ["QueuedOrder(order_id=1, lots=5)", "QueuedOrder(order_id=2, lots=5)"]
