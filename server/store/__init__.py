"""What must outlive the process: the journal, meetings, links, accounts and sessions, in SQLite or PostgreSQL.

`Database` owns the connections and is the one place where a driver's errors become `StoreDown`.  Everything else here
is one file per thing that is kept.  Times come in as aware UTC datetimes (`now`), so nothing here reads a clock; ids
and tokens are drawn here, because the room may not (architecture 1).
"""

from server.store.accounts import Account, Accounts
from server.store.database import Database
from server.store.errors import BadText, ChainBroken, Conflict, SeqTaken, SetupRefused, StoreDown, StoreError
from server.store.journal import Journal
from server.store.links import Links
from server.store.meetings import Invited, Invitee, Meeting, Meetings
from server.store.schema import SessionKind
from server.store.sessions import Session, Sessions
from server.store.tokens import AccountId, SessionId, new_id

__all__ = [
    "Account",
    "AccountId",
    "Accounts",
    "BadText",
    "ChainBroken",
    "Conflict",
    "Database",
    "Invited",
    "Invitee",
    "Journal",
    "Links",
    "Meeting",
    "Meetings",
    "SeqTaken",
    "Session",
    "SessionId",
    "SessionKind",
    "Sessions",
    "SetupRefused",
    "StoreDown",
    "StoreError",
    "new_id",
]
