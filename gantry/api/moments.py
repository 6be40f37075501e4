"""Points in time that come from outside."""

from datetime import UTC, datetime
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import AwareDatetime

# In UTC, databases hold the years 1 to 9999, and a zone takes up to a day.
Moment = Annotated[
    AwareDatetime, Ge(datetime(1970, 1, 2, tzinfo=UTC)), Le(datetime(9999, 12, 30, tzinfo=UTC))
]
