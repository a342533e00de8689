"""While a campaign is sent: pause, resume, cancel, and notice that it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.visibility import gone, this
from core.clock import Clock
from core.errors import Conflict
from core.messages.ledger import Ledger, has_abandoned, has_open, has_stoppable, has_work
from core.permissions import Permission, Principal
from core.storage.database import Database

# An answer comes within a minute or two of its lease; the rest is for clocks that jump.
_MAY_BE_LATE = timedelta(days=7)
_FROM = {
    CampaignState.PAUSED: (CampaignState.SENDING,),
    CampaignState.SENDING: (CampaignState.PAUSED,),
    CampaignState.CANCELLED: (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED),
}


class Control:
    """Steers campaigns that have been launched.

    Args:
        db: The database.
        clock: The time.
        ledger: Every message of theirs.
    """

    def __init__(self, db: Database, clock: Clock, ledger: Ledger) -> None:
        self._db, self._clock, self._ledger = db, clock, ledger

    def pause(self, by: Principal, campaign_id: int) -> None:
        """Stop handing messages over; what is on its way right now is finished. Pausing again changes nothing.

        Raises:
            Conflict: If it is not being sent.
        """
        with self._db.transaction() as connection:
            if self._move(connection, by, campaign_id, CampaignState.PAUSED):
                # What is paused by hand waits for nothing else; a reason is only kept where it was paused because of it.
                connection.execute(sa.update(campaigns).where(*this(by, campaign_id)).values(stopped_reason=""))
                self._note(connection, by, campaign_id, AuditAction.CAMPAIGN_PAUSED)

    def resume(self, by: Principal, campaign_id: int) -> None:
        """Go on with what is left. Resuming again changes nothing.

        Raises:
            Conflict: If it is not paused.
        """
        with self._db.transaction() as connection:
            if self._move(connection, by, campaign_id, CampaignState.SENDING):
                connection.execute(sa.update(campaigns).where(*this(by, campaign_id)).values(stopped_reason=""))
                self._note(connection, by, campaign_id, AuditAction.CAMPAIGN_RESUMED)

    def cancel(self, by: Principal, campaign_id: int) -> int:
        """Cancel everything that has not left yet, for good, and return how many messages that were.

        Raises:
            Conflict: If it has been sent already.
        """
        with self._db.transaction() as connection:
            is_news = self._move(connection, by, campaign_id, CampaignState.CANCELLED)
            connection.execute(
                sa.update(campaigns).where(*this(by, campaign_id), campaigns.c.finished_at.is_(None)).values(finished_at=self._clock.now())
            )
            cancelled = self._ledger.cancel_queued(connection, by.workspace_id, campaign_id)
            if is_news:
                self._note(connection, by, campaign_id, AuditAction.CAMPAIGN_CANCELLED, {"messages": cancelled})
            return cancelled

    def finish_if_done(self, campaign_id: int) -> bool:
        """Mark a campaign as sent once no message of it is open; return whether that was now."""
        done = {"state": CampaignState.SENT.value, "finished_at": self._clock.now(), "stopped_reason": ""}
        sending = sa.and_(campaigns.c.id == campaign_id, campaigns.c.state == CampaignState.SENDING.value)
        with self._db.transaction() as connection:
            return (
                connection.execute(
                    sa.update(campaigns).where(sending, ~has_open(campaigns.c.workspace_id, campaigns.c.id)).values(done)
                ).rowcount
                == 1
            )

    def note_stop(self, campaign_id: int, reason: str) -> None:
        """Keep why sending stopped, or that it goes on (an empty reason); writes only what is news."""
        moving = campaigns.c.state != CampaignState.PAUSED.value
        changing = (campaigns.c.id == campaign_id, campaigns.c.stopped_reason != reason, moving)
        with self._db.read() as connection:
            if connection.execute(sa.select(campaigns.c.id).where(*changing)).first() is None:
                return
        with self._db.transaction() as connection:
            connection.execute(sa.update(campaigns).where(*changing).values(stopped_reason=reason))

    def wait_for_person(self, campaign_id: int, reason: str) -> None:
        """Pause a campaign because nothing can leave before a person has changed something; keep why, in words."""
        mine = (campaigns.c.id == campaign_id, campaigns.c.state == CampaignState.SENDING.value)
        paused = sa.update(campaigns).where(*mine).values(state=CampaignState.PAUSED.value, stopped_reason=reason)
        with self._db.transaction() as connection:
            workspace_id = connection.execute(paused.returning(campaigns.c.workspace_id)).scalar()
            if workspace_id is not None:
                worker = Principal.system(workspace_id, "worker")
                self._note(connection, worker, campaign_id, AuditAction.CAMPAIGN_PAUSED, {"because": "sign_in"})

    def is_sending(self, campaign_id: int) -> bool:
        """Return whether a campaign may be sent right now; asked between two batches."""
        with self._db.read() as connection:
            state = connection.execute(sa.select(campaigns.c.state).where(campaigns.c.id == campaign_id)).scalar()
        return state == CampaignState.SENDING

    def due(self) -> list[int]:
        """Return the campaigns of all workspaces that have something to send now, or only need to be closed."""
        sending = campaigns.c.state == CampaignState.SENDING.value
        something = sa.or_(
            has_work(campaigns.c.workspace_id, campaigns.c.id, self._clock.now()), ~has_open(campaigns.c.workspace_id, campaigns.c.id)
        )
        with self._db.read() as connection:
            return list(connection.execute(sa.select(campaigns.c.id).where(sending, something).order_by(campaigns.c.id)).scalars())

    def settle_cancelled(self) -> int:
        """Settle what was on its way when a campaign was cancelled: if its sender died nobody knows, and what came back is cancelled.

        No delivery will ever look at these again, so the sweeper does; return how many campaigns had some.
        """
        mine = (campaigns.c.workspace_id, campaigns.c.id)
        left = sa.or_(has_abandoned(*mine, self._clock.now()), has_stoppable(*mine))
        with self._db.read() as connection:
            found = connection.execute(sa.select(*mine).where(campaigns.c.state == CampaignState.CANCELLED.value, left)).all()
        for workspace_id, campaign_id in found:
            self._ledger.release_expired(workspace_id, campaign_id)
            self._cancel_what_came_back(workspace_id, campaign_id)
        return len(found)

    def reopen(self) -> int:
        """Let campaigns go on that were closed too early; return how many.

        A sender that hung, or a clock that jumped, makes messages uncertain and a campaign done; then the answer comes after all,
        and says: not now. Such a message is known not to have left, and waits like others.
        """
        late = campaigns.c.finished_at > self._clock.now() - _MAY_BE_LATE
        closed = sa.and_(campaigns.c.state == CampaignState.SENT.value, late, has_open(campaigns.c.workspace_id, campaigns.c.id))
        goes_on = {"state": CampaignState.SENDING.value, "finished_at": None}
        with self._db.read() as connection:
            found = connection.execute(sa.select(campaigns.c.id).where(closed)).scalars().all()
        if not found:
            return 0
        with self._db.transaction() as connection:
            return connection.execute(sa.update(campaigns).where(campaigns.c.id.in_(found), closed).values(goes_on)).rowcount

    def _cancel_what_came_back(self, workspace_id: int, campaign_id: int) -> None:
        mine = sa.select(campaigns.c.state).where(campaigns.c.id == campaign_id, campaigns.c.workspace_id == workspace_id)
        with self._db.transaction() as connection:  # somebody may have sent it to the missing meanwhile
            if connection.execute(mine.with_for_update()).scalar() == CampaignState.CANCELLED:
                self._ledger.cancel_queued(connection, workspace_id, campaign_id)

    def _note(
        self, connection: sa.Connection, by: Principal, campaign_id: int, what: AuditAction, after: Mapping[str, object] | None = None
    ) -> None:
        record(connection, self._clock.now(), by, what, f"campaign:{campaign_id}", after=after)

    def _move(self, connection: sa.Connection, by: Principal, campaign_id: int, to: CampaignState) -> bool:
        """Set the state and return whether it was another before."""
        by.require(Permission.CAMPAIGNS_SEND)
        mine = this(by, campaign_id)
        state = connection.execute(sa.select(campaigns.c.state).where(*mine).with_for_update()).scalar()
        if state is None:
            raise gone()
        if state != to and CampaignState(state) not in _FROM[to]:
            raise Conflict(f"This campaign is {_SAID[CampaignState(state)]}.", hint="Reload the page to see where it is.")
        connection.execute(sa.update(campaigns).where(*mine).values(state=to.value))
        return bool(state != to)


_SAID = {
    CampaignState.DRAFT: "still a draft",
    CampaignState.SCHEDULED: "waiting for its time",
    CampaignState.SENDING: "being sent",
    CampaignState.PAUSED: "paused",
    CampaignState.SENT: "sent already",
    CampaignState.CANCELLED: "cancelled",
}
