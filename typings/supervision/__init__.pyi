# Not among the packages that are checked: its names are of any type.
from typing import Any

def __getattr__(name: str) -> Any: ...
