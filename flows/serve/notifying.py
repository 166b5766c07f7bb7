"""Messages of what became of episodes and feeds: a block with the address, and an automation that sends to it.

Prefect keeps the address encrypted and shows it to nobody; Apprise, which Prefect brings, knows how each service
wants it (https://appriseit.com/services/). Both are named by what kind of service it is and a piece of a hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from pydantic import SecretStr

from flows.feeds.events import FAILED, GONE, LOADED, QUARANTINED
from flows.home.folder import LABEL, home_id, home_tag
from transforms.choice import Named, choose
from transforms.errors import SourceError, TransientError, one_line
from transforms.tokens import is_secret

# Of Prefect's blocks it is the one that hands any address to Apprise; one of our own would be unknown to a server
# that has no Turntable.
MessageBlock = SlackWebhook
EVENTS = {"loaded": LOADED, "failed": FAILED, "quarantined": QUARANTINED, "gone": GONE}
TEST = "This is how Turntable will tell you what became of your episodes."
_ABOUT = "Tells "  # how the description begins that says what is told

# What strangers wrote is no mention of everybody and no markup of the service that shows it.
_PLAIN = "| string | replace('@', '＠') | replace('<', '‹') | replace('[', '［') | replace('`', 'ˋ')"
_SUBJECT = f"Turntable: {{{{ (event.payload.title or event.payload.episode_id) {_PLAIN} }}}}"
_BODY = f"""\
{{% if event.event == '{LOADED}' %}}{{{{ event.payload.turns }}}} turns are there.\
{{% elif event.event == '{GONE}' %}}The feed is not asked any more: {{{{ event.payload.message {_PLAIN} }}}}\
{{% else %}}{{{{ event.payload.stage }}}} failed: {{{{ event.payload.message {_PLAIN} }}}}\
{{% if event.payload.quarantined %}} (in quarantine){{% endif %}}{{% endif %}}\
{{% set link = event.payload.transcript_page or event.payload.page_url or event.payload.url %}}\
{{% if link %}}
{{{{ link }}}}{{% endif %}}"""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told: the name of the block and the automation, the kind of service, and of what."""

    key: str
    service: str
    told: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.service} {self.key}"


def add(home: Path, url: str, told: Collection[str]) -> Receiver:
    """Let a service be told of some of `EVENTS`; the same address again changes of what.

    Raises:
        SourceError: no service has such an address, or the server does not let us in.
        TransientError: the server does not answer.
    """
    receiver = Receiver(_key(home, url), _service(url), tuple(name for name in EVENTS if name in told))
    with _asking() as client:
        block = MessageBlock(url=SecretStr(url))
        document = block.save(_block_name(home, receiver.key), overwrite=True)
        wanted = _automation(home, receiver, document)
        known: list[Automation] = client.read_automations_by_name(wanted.name)
        if known:
            client.update_automation(known[0].id, wanted)
        else:
            client.create_automation(wanted)
    return receiver


def receivers(home: Path) -> list[Receiver]:
    """List who is told by this home.

    Raises:
        SourceError: the server does not let us in.
        TransientError: it does not answer.
    """
    with _asking() as client:
        return [receiver for receiver, _ in _known(client, home)]


def remove(home: Path, text: str) -> Receiver:
    """Tell a service no more, and forget its address; `text` is its name or the beginning of its key.

    Raises:
        SourceError: none or several are called so, or the server does not let us in.
        TransientError: it does not answer.
    """
    with _asking() as client:
        known = {receiver.key: (receiver, automation) for receiver, automation in _known(client, home)}
        names = [Named(key, receiver.name, frozenset()) for key, (receiver, _) in known.items()]
        receiver, automation = known[choose(text, names, "receiver", "`turntable notify --list` lists them").id]
        client.delete_automation(automation.id)
        with suppress(ObjectNotFound):  # somebody deleted it in the UI
            client.delete_block_document(_document(client, home, receiver).id)
    return receiver


def test(home: Path) -> Iterator[tuple[Receiver, str | None]]:
    """Send a message to each, and yield what went wrong; `None` where it was taken.

    Raises:
        SourceError: the server does not let us in.
        TransientError: it does not answer.
    """
    for receiver in receivers(home):
        try:
            with _asking() as client:
                url = str(_document(client, home, receiver).data["url"])
        except ObjectNotFound:
            yield receiver, "the server has lost its address: give it to `turntable notify` again"
        else:
            yield receiver, _sent(url)


def _document(client: SyncPrefectClient, home: Path, receiver: Receiver) -> BlockDocument:
    return client.read_block_document_by_name(_block_name(home, receiver.key), _SLUG, include_secrets=True)


def _sent(url: str) -> str | None:
    from apprise import Apprise

    with _silence():  # its log may tell the address
        service: Any = Apprise()
        if service.add(url) and service.notify(TEST, title="Turntable"):
            return None
    return "the service did not take it: check the address, and whether it can be reached from here"


_SLUG = MessageBlock.get_block_type_slug()


def _automation(home: Path, receiver: Receiver, document: Any) -> AutomationCore:
    # What is told as failed says itself that it is in quarantine.
    twice = {QUARANTINED} if "failed" in receiver.told else set()
    return AutomationCore(
        name=f"{_prefix(home)}{receiver.name}",
        description=_ABOUT + ", ".join(receiver.told),
        trigger=EventTrigger(
            expect={EVENTS[name] for name in receiver.told} - twice,
            match={"prefect.resource.id": ["turntable.episode.*", "turntable.feed.*"], LABEL: home_id(home)},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[SendNotification(block_document_id=document, subject=_SUBJECT, body=_BODY)],
    )


def _known(client: SyncPrefectClient, home: Path) -> Iterator[tuple[Receiver, Automation]]:
    for automation in _automations(client):
        if automation.name.startswith(_prefix(home)):
            service, _, key = automation.name.removeprefix(_prefix(home)).rpartition(" ")
            told = tuple(automation.description.removeprefix(_ABOUT).split(", "))
            yield Receiver(key, service, told), automation


def _automations(client: SyncPrefectClient) -> list[Automation]:
    response = client.request("POST", "/automations/filter", json={"sort": "NAME_ASC"})
    return [Automation.model_validate(one) for one in response.json()]


def _prefix(home: Path) -> str:
    return f"{home_tag(home)}: tells "


def _block_name(home: Path, key: str) -> str:
    return f"{home_tag(home)}-{key}"


def _key(home: Path, url: str) -> str:
    return hashlib.sha256(f"{home_id(home)} {url}".encode()).hexdigest()[:8]


def _service(url: str) -> str:
    """Name the service that an address belongs to.

    Raises:
        SourceError: no service has such an address.
    """
    from apprise import Apprise

    with _silence():  # it would write the address down
        found: Any = Apprise.instantiate(url, suppress_exceptions=True)
    if not found:
        msg = (
            f"no service has the address {_begun(url)!r}: https://appriseit.com/services/ shows "
            "how they look, as ntfy://TOPIC, mailtos://USER:PASSWORD@HOST or a webhook of Slack or Discord"
        )
        raise SourceError(msg)
    return str(found.service_name or found.schemas()[0])


def _begun(url: str) -> str:
    """Write as much of an address as holds no secret: its scheme, or a name that is no address at all."""
    scheme, parts, rest = url.partition("://")
    if parts:
        return f"{scheme[:20]}://{'…' if rest else ''}"
    return url if re.fullmatch(r"[\w.-]{1,40}", url) and not is_secret(url) else f"{url[:3]}…"


@contextmanager
def _silence() -> Iterator[None]:
    logger = logging.getLogger("apprise")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _asking() -> Iterator[SyncPrefectClient]:
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PrefectHTTPStatusError as error:
        closed = error.response.status_code in (401, 403)
        way = "set PREFECT_API_AUTH_STRING to its password" if closed else "see its log"
        msg = f"the server refuses (HTTP {error.response.status_code}): {way}"
        raise SourceError(msg) from None  # what was sent holds the address
    except (OSError, RuntimeError) as error:
        msg = f"the server does not answer ({one_line(error)}): start it, or correct PREFECT_API_URL"
        raise TransientError(msg) from None
