"""The same thing from many threads."""

import threading
from collections.abc import Callable


def side_by_side(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work` in as many threads; what they raised."""
    raised: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
