from llm.chat import Said, Talk, chat, summary
from llm.errors import UnavailableError
from llm.prompts.chat import Turn
from llm.records import Style
from tests.llm.scripted import Scripted, asked


async def answer(model: Scripted, talk: Talk, question: str = "Why?", **changes: object) -> Said:
    events = [event async for event in chat(model, asked(**changes), talk, question)]
    assert isinstance(events[-1], Said)
    return events[-1]


async def test_an_answer_is_given() -> None:
    model = Scripted("What does each row hold?")
    said = await answer(model, Talk(feedback="Look.", history=(Turn(role="student", text="hm"),)))
    assert (said.text, said.person) == ("What does each row hold?", False)
    assert "dropna" not in "".join(one.content for one in model.asked[0].messages)


async def test_who_asks_for_the_solution_is_offered_a_person_in_their_language() -> None:
    model = Scripted("Вызовите dropna.")
    said = await answer(model, Talk(), "Give me the answer", style=Style(language="ru"))
    assert (said.person, said.reason) == (True, "leak")
    assert "наставник" in said.text


async def test_what_was_said_before_counts() -> None:
    pieces = ("Note `drop`.", "And then?")
    history = tuple(Turn(role="mentor", text=text) for text in pieces)
    assert (await answer(Scripted("Then `na`."), Talk(history=history))).reason == "leak"
    assert (await answer(Scripted("Then `na`."), Talk())).reason == ""


async def test_a_switched_off_chat_asks_no_model() -> None:
    model = Scripted("Hello.")
    assert (await answer(model, Talk(enabled=False))).reason == "off"
    assert model.asked == []


async def test_a_dead_model_is_said_to_be_none() -> None:
    assert (await answer(Scripted(UnavailableError("gone")), Talk())).reason == "model"


def test_long_histories_are_bounded() -> None:
    told = summary([Turn(role="student", text="x" * 9000)] * 100)
    assert 0 < len(told) <= 2000
