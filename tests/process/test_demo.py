"""`deskhand demo` as whoever has just cloned it starts it, without a terminal."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import aiohttp

from bot.local import world
from tests.process.run import Deskhand, get

#: What belongs to a desk that has its .env in the same folder, and is none of the demo's business.
_NOT_ITS_OWN = {
    "SLACK_BOT_TOKEN": "xoxb-real",
    "EASYPOST_API_KEY": "real",
    "AMAZON_CLIENT_ID": "real",
    "AMAZON_CLIENT_SECRET": "real",
    "AMAZON_REFRESH_TOKEN": "Atzr|real",
    "AMAZON_MARKETPLACE": "ATVPDKIKX0DER",
    "AMAZON_SQS_URL": "http://127.0.0.1:1/123456789012/orders",
}


async def test_the_demo_opens_a_shop_and_leaves_nothing_behind(
    bare: Deskhand, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"DESKHAND_PORT": "0", "TMPDIR": str(temporary), **_NOT_ITS_OWN}
    async with bare.start("demo", **environment) as demo:
        address = (await demo.says(r"is open: (http://localhost:\d+)\n"))[1]
        await demo.says("Ctrl-C")
        tries = re.findall(r"^  (/\w+(?: \S.*?)?)  ", demo.out, re.MULTILINE)
        assert len(tries) == 5
        assert list(temporary.glob("deskhand-demo-*"))
        status, parts = await get(f"{address}/readyz")
        assert (status, json.loads(parts)["status"]) == (200, "ok")
        assert "queue" not in json.loads(parts)
        status, page = await get(f"{address}/")
        assert status == 200
        assert "<title>" in page

        _, workspace = await get(f"{address}/local/workspace?as={world.ADA}")
        seen = json.loads(workspace)
        assert tries == seen["tries"]
        office = seen["channels"][0]["id"]
        async with aiohttp.ClientSession() as session:
            for line in tries:
                said = {"as": seen["me"]["id"], "channel": office, "text": line}
                async with session.post(f"{address}/local/send", json=said) as answer:
                    assert (await answer.json())["ok"], line
            # A page that is looked at must not keep the shop open.
            async with session.get(f"{address}/local/stream?as={seen['me']['id']}") as stream:
                assert stream.status == 200
                ended = await demo.stop(signal.SIGINT, within=3)
    assert (ended.code, ended.err) == (0, "")
    assert list(temporary.iterdir()) == []
    assert list(bare.folder.iterdir()) == []
