"""Sending over one connection: as many messages as the queue has, one round trip each where the server can pipeline.

The text of a message and the envelope of the next leave in one write (RFC 2920, 3.1). What that means when the connection
breaks: a message whose text had begun to leave is uncertain, one of which only the envelope left certainly was not taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import InvalidInput, Unavailable
from core.providers.base import Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.progress import Progress
from core.providers.smtp.opening import Opened
from core.providers.smtp.verdicts import REASON_LENGTH, answered, of_our_sender, refusal
from core.providers.smtp.wire import Reply

_START_MAIL = 354


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the words of SMTP.

    Args:
        message_id: The ledger row.
        envelope: MAIL, RCPT and DATA, a line each.
        text: The message as it goes over the wire, with its final dot.
    """

    message_id: int
    envelope: tuple[bytes, bytes, bytes]
    text: bytes


Write = Callable[[OutgoingMessage, bool], Letter]


@dataclass
class Queue:
    """What one `send` has to do, shared by all connections.

    Args:
        waiting: Messages that no connection has taken yet.
        write: Makes the letter of a message; the second argument says whether the server takes addresses in UTF-8.
        progress: Is told how far each message is.
    """

    waiting: deque[OutgoingMessage]
    write: Write
    progress: Progress
    results: dict[int, SendResult] = field(default_factory=dict)
    lost_once: set[int] = field(default_factory=set)
    is_closed: bool = False  # time is up: nothing new is begun

    def take(self, *, takes_utf8: bool) -> Letter | None:
        """Return the next letter; one that can't be written is refused, one that can't be signed now waits; neither holds others up."""
        while self.waiting and not self.is_closed:
            message = self.waiting.popleft()
            try:
                return self.write(message, takes_utf8)
            except InvalidInput as error:
                self.settle(SendResult(message.message_id, Outcome.REFUSED, str(error)))
            except Unavailable as error:
                trouble = Trouble.CONNECTION
                self.settle(SendResult(message.message_id, Outcome.RETRY, str(error), attempted=False, trouble=trouble))
        return None

    def settle(self, result: SendResult) -> None:
        """Keep what became of a message."""
        self.results[result.message_id] = result
        self.progress.learn(result)


class Conversation:
    """One connection at work.

    Args:
        opened: The connection.
        queue: Where the messages come from and the results go.
        messages: All messages by number, to give one back.
        finished: Called whenever this connection has nothing more to do, or is gone.
    """

    def __init__(
        self, opened: Opened, queue: Queue, messages: dict[int, OutgoingMessage], finished: Callable[[Conversation], None]
    ) -> None:
        self._opened, self._wire, self._pipelines = opened, opened.wire, opened.pipelines
        self._takes_utf8 = "SMTPUTF8" in opened.extensions
        self._queue, self._messages, self._finished = queue, messages, finished
        self._offered: Letter | None = None  # its envelope left, its text did not
        self._handed_over: Letter | None = None  # its text left, the answer is not here yet
        self._refusal: SendResult | None = None
        self.is_idle = True
        self._wire.on_lost = self._lost

    @property
    def is_open(self) -> bool:
        """Whether the connection still stands."""
        return self._wire.is_open

    def start(self) -> None:
        """Take messages from the queue until it is empty."""
        self._offer(b"")
        self._rest()

    def _offer(self, before: bytes) -> None:
        """Send `before` and, right behind it, the envelope of the next message."""
        letter = self._queue.take(takes_utf8=self._takes_utf8) if self._wire.is_open else None
        self._offered, self._refusal, reset = letter, None, b""
        if letter is None:
            if before:
                self._wire.write(before)
            return
        self.is_idle = False
        handlers: list[Callable[[Reply], None]] = []
        if self._opened.needs_reset:
            reset, self._opened.needs_reset = b"RSET\r\n", False
            handlers.append(lambda _reply: None)
        if self._pipelines:
            self._wire.write(before + reset + b"".join(letter.envelope), *handlers, self._on_mail, self._on_recipient, self._on_data)
        else:
            self._wire.write(before + reset + letter.envelope[0], *handlers, self._on_mail)

    def _on_mail(self, reply: Reply) -> None:
        self._step(reply, 1, self._on_recipient, is_recipient=False)

    def _on_recipient(self, reply: Reply) -> None:
        self._step(reply, 2, self._on_data, is_recipient=True)

    def _step(self, reply: Reply, following: int, handler: Callable[[Reply], None], *, is_recipient: bool) -> None:
        letter = self._offered
        if letter is None:
            return
        if not reply.is_good and self._refusal is None:
            about_us = following == 1 and b" SMTPUTF8" not in letter.envelope[0]
            self._refusal = of_our_sender(letter.message_id, reply) if about_us else None
            self._refusal = self._refusal or refusal(letter.message_id, reply, is_recipient=is_recipient)
        if self._pipelines:
            return
        if self._refusal is None:
            self._wire.write(letter.envelope[following], handler)
        else:
            self._turn_down()

    def _on_data(self, reply: Reply) -> None:
        letter = self._offered
        if letter is None:
            return
        if reply.is_good:  # no answer to DATA: the server said something twice, and every answer from now on would be taken for another
            self._wire.abort()
        elif reply.code != _START_MAIL:
            self._refusal = self._refusal or refusal(letter.message_id, reply, is_recipient=False)
            self._turn_down()
        elif self._refusal is not None:  # it wants a text although nobody may get it (RFC 2920, 3.1): an empty one goes to nobody
            self._wire.write(b".\r\n", lambda _reply: self._turn_down())
        else:
            self._handed_over, self._offered = letter, None
            self._wire.is_patient = True  # a server may look for spam and store the message before it answers (RFC 5321, 4.5.3.2.6)
            self._queue.progress.begin(letter.message_id)
            self._wire.write(b"", self._on_answer)  # its answer comes before those to the next envelope
            if self._pipelines:
                self._offer(letter.text)
            else:
                self._wire.write(letter.text)

    def _turn_down(self) -> None:
        """Settle the offered message as refused and go on with the next."""
        refusal, self._refusal, self._offered = self._refusal, None, None
        self._opened.needs_reset = True
        if refusal is not None:
            self._queue.settle(refusal)
        self._offer(b"")
        self._rest()

    def _on_answer(self, reply: Reply) -> None:
        """Take the answer to a message's text: only a clear yes or no settles it."""
        letter, self._handed_over = self._handed_over, None
        self._wire.is_patient = False
        if letter is not None:
            self._queue.settle(answered(letter.message_id, reply))
            if not 200 <= reply.code < 600:
                self._wire.abort()
        if self._offered is None:
            self._offer(b"")
        self._rest()

    def _rest(self) -> None:
        if self._offered is None and self._handed_over is None:
            self.is_idle = True
            self._finished(self)

    def _lost(self, reason: str) -> None:
        handed, self._handed_over = self._handed_over, None
        offered, self._offered = self._offered, None
        if handed is not None:
            lost = f"The connection was lost after the message was handed over: {reason}"[:REASON_LENGTH]
            self._queue.settle(SendResult(handed.message_id, Outcome.UNCERTAIN, lost, trouble=Trouble.CONNECTION))
        if offered is not None:
            self._give_back(offered, reason)
        self._rest()

    def _give_back(self, letter: Letter, reason: str) -> None:
        """Let another connection try a message that certainly was not taken; once, for it may be what breaks connections."""
        if self._refusal is not None:
            self._queue.settle(self._refusal)
        elif letter.message_id in self._queue.lost_once:
            self._queue.settle(SendResult(letter.message_id, Outcome.RETRY, f"The connection was lost: {reason}"[:REASON_LENGTH]))
        else:
            self._queue.lost_once.add(letter.message_id)
            self._queue.waiting.appendleft(self._messages[letter.message_id])
