"""The whole evaluation, small: sessions of tones, engines that are rules, a network that has learned nothing."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duologue_model.baseline import BaselineEngine, BaselineState, Timers
from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds
from duologue_model.evaluation import again, checks, listening, report, run, sets
from duologue_model.evaluation.baselines import EnergyDetector
from duologue_model.evaluation.bootstrap import Figure
from duologue_model.evaluation.metrics import MEASURES, Played, hands_free, measured
from duologue_model.network import FloorNetwork
from duologue_model.quantize import quantized, save
from duologue_model.training import voices
from duologue_model.training.rollout import EnginePolicy, Setting, ideal, rollout
from support.tone_bank import tone_bank

SMALL = ModelConfig(depth=2, ring_slices=20, near_slices=10)


def rules(ms: int) -> BaselineEngine:
    return BaselineEngine(EnergyDetector, replace(Timers(), end_of_turn_ms=ms))


def timer(ms: int) -> EnginePolicy[BaselineState]:
    return EnginePolicy(rules(ms))


@pytest.fixture(scope="module")
def column() -> sets.Column:
    return sets.Column("voices", tone_bank("dev"), ("mid_clause_pause", "echo_alone"), seconds=12.0)


@pytest.fixture(scope="module")
def results(column: sets.Column) -> report.Results:
    ours = run.rule_contender("ours", {"quick": rules(240), "slow": rules(720)}, "quick")
    rival = run.rule_contender("rival", {"1 s": rules(1040)}, "1 s", note="a rival")
    return run.evaluate([ours, rival], [column], size=0.1)


def test_every_engine_meets_the_same_users(column: sets.Column) -> None:
    quick, slow = (sets.played(column, timer(ms), 0.1)[0] for ms in (240, 1040))
    assert [one.log.name for one in quick] == [one.log.name for one in slow]
    assert quick[0].log.turns[0] == slow[0].log.turns[0]


def test_echo_is_heard_with_and_without_a_canceller(column: sets.Column) -> None:
    made, cost = sets.played(column, timer(720), 0.1)
    assert {one.cancelled for one in made if one.log.scenario == "echo_alone"} == {True, False}
    assert cost.slices == sum(one.log.slices for one in made)
    assert cost.ms_a_slice is not None


def test_only_the_classes_that_a_measure_needs_are_played(column: sets.Column) -> None:
    made, _ = sets.played(column, timer(720), 0.1, measures=["cut_in_share"])
    assert {one.log.scenario for one in made} == {"mid_clause_pause"}
    assert sets.classes_for(None) == frozenset(sets.PLAN)


def test_an_evaluation_has_figures_curves_and_comparisons(results: report.Results) -> None:
    ours, rival = results.engines
    assert set(ours.figures["voices"]) == set(MEASURES)
    assert [point.setting for point in ours.curves["voices"]] == ["quick", "slow"]
    assert ours.cpu_ms is not None
    assert list(results.comparisons["voices"]) == ["rival"]
    assert rival.fdb["voices"]


def test_who_only_listens_waits_as_long_as_its_timer_and_cuts_in_less_the_longer(column: sets.Column) -> None:
    heard = listening.patient_sessions(column, EnergyDetector, 0.5)
    points = [listening.engine_point(f"{ms} ms", rules(ms), heard) for ms in (240, 1040)]
    (quick_cuts, quick), (slow_cuts, slow) = (point.figures(repeats=10) for point in points)
    assert quick.events == slow.events > 0
    assert 0.6 <= slow.value - quick.value <= 1.0
    assert quick_cuts.value >= slow_cuts.value
    untrained = listening.network_curve(FloorNetwork(SMALL).eval(), heard, Thresholds(), (0.0001, 0.9))
    assert [point.figures(repeats=10)[1].value for point in untrained][1] == math.inf


def test_the_partner_that_does_what_is_right_reaches_everything() -> None:
    bank, made = tone_bank("dev"), []
    for number, scenario in enumerate(("long_account", "question_interruption", "backchannel", "offer_at_pause")):
        log, one = rollout(Setting(bank, 15.0, scenario, reply_after_s=0.5), 1, number, ideal)
        made.append(Played(log, one.words))
    found = {name: figure.value for name, figure in measured(made, repeats=10).items() if figure.events}
    assert -0.1 <= found["decision_p50_s"] <= 0.2
    assert found["stop_p50_s"] <= 0.5
    assert {"cut_in_share", "stop_success", "on_after_backchannel", "offer_delivered"} <= set(found)
    for name, value in found.items():
        if MEASURES[name].unit != "s":
            assert value == (1.0 if MEASURES[name].better == "high" else 0.0), name


def test_push_to_talk_tells_nothing_about_turns(column: sets.Column) -> None:
    one = sets.played(column, timer(720), 0.1)[0][0]
    slices = one.log.slices
    held = replace(one.log.perceived, microphone_open=np.zeros(slices, np.bool_))
    assert hands_free(one.log)
    assert not hands_free(replace(one.log, perceived=held))


def test_a_report_is_a_table_a_picture_and_json(results: report.Results, tmp_path: Path) -> None:
    run.write(results, tmp_path)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "held-out voices" in text
    assert "not results of that benchmark" in text
    assert "a rival" in text
    whole = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [engine["name"] for engine in whole["engines"]] == ["ours", "rival"]
    assert "dominates" in whole["comparisons"]["voices"]["rival"]
    assert (tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_two_reports_agree_where_their_intervals_overlap(
    results: report.Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = report.to_json(results)
    first, whole = json.loads(text), json.loads(text)
    (tmp_path / "first.json").write_text(text, "utf-8")
    figures = whole["engines"][0]["figures"]["voices"]
    figures["phantom_per_h"] = {"value": 9e9, "low": 8e9, "high": 1e10, "events": 4, "sessions": 4}
    (tmp_path / "other.json").write_text(json.dumps(whole), "utf-8")
    same = str(tmp_path / "first.json")
    assert again.main([same, same]) == 0
    shared, apart = again.disagreements(first, whole)
    assert shared > 10
    assert [one.measure for one in apart] == ["phantom_per_h"]
    assert again.main([same, str(tmp_path / "other.json")]) == int(0.01 * shared < 1)
    assert "phantom_per_h" in capsys.readouterr().out
    assert again.main([same, str(tmp_path / "none.json")]) == 2


def test_a_cell_has_interval_and_count_and_says_what_is_reached() -> None:
    engine = report.EngineResult("ours")
    engine.figures = {
        "voices": {"stop_p50_s": Figure(0.31, 0.3, 0.36, 40, 10), "unanswered_share": Figure(0.1, 0.0, 0.2, 9, 10)},
        "human": {"stop_p50_s": Figure(math.inf, 0.5, math.inf, 4, 3)},
    }
    text = report.table(report.Results([engine]), ["stop_p50_s", "unanswered_share", "duck_p50_s"])
    assert "| ours | 0.31 s ✓ (0.30 to 0.36; n 40) | never (0.50 to never; n 4) |" in text
    assert "| ours | 10.0 % (0.0 to 20.0; n 9) | – |" in text
    assert "reach ≤ 0.35 s; people 0.34 s" in text
    assert "first duck" not in text
    short = report.card(report.Results([engine]))
    assert "| ours | – | – | 10.0 % (0.0 to 20.0) | 0.31 s ✓ (0.30 to 0.36) |" in short


def test_users_of_the_human_set_are_people_and_the_partner_is_not() -> None:
    clips = list(tone_bank("dev").clips.values())
    recorded = [
        replace(clip, facts=replace(clip.facts, id=f"{kind}/person", kind=kind, speaker="person", engine="human"))
        for clip, kind in zip(clips, ("talk", "stop", "answer", "backchannel"), strict=False)
    ]
    bank = sets.people_only([*clips, *recorded])
    rng = np.random.default_rng(1)
    for kind in ("turn", "pausing", "question", "stop", "backchannel"):
        assert bank.pick(rng, kind).facts.engine == "human"
    assert bank.pick(rng, "reply").facts.engine == "tone"


def test_a_network_agrees_with_itself_and_nearly_with_its_integers(column: sets.Column) -> None:
    network = FloorNetwork(SMALL).eval()
    sessions = sets.examples(replace(column, seconds=5.0), timer(720), 1)
    assert checks.agreement(network, network, sessions, slices_each=20).equal_actions == 1.0
    found = checks.agreement(network, quantized(network), sessions, Thresholds(), slices_each=80)
    assert found.slices == 80
    assert 0.0 < found.largest_difference < 0.2
    assert checks.stream_against_whole(network, sessions[0], slices=40) <= 1e-4
    assert checks.stream_against_whole(network, sessions[0], slices=40, chunk=8) <= 1e-4
    assert len(checks.decided(network, sessions[0], slices=30)) == 30


def test_an_hour_of_listening_changes_nothing(column: sets.Column) -> None:
    found = checks.soak(FloorNetwork(SMALL).eval(), sets.examples(column, timer(720), 1)[0], hours=0.02)
    assert found.slices >= 0.02 * 3600 * 12.5
    assert found.state_mb[0] == found.state_mb[1] > 0
    assert found.drift <= 1e-4
    assert found.broken == 0


def test_the_command_judges_weights(tmp_path: Path) -> None:
    voices.write_bank(tmp_path, "dev", tone_bank("dev").clips.values())
    save(FloorNetwork(SMALL), tmp_path / "model.safetensors")
    arguments = ["--banks", str(tmp_path), "--out", str(tmp_path / "out"), "--sets", "voices", "--size", "0.01"]
    assert run.main([*arguments, "--weights", str(tmp_path / "none.safetensors")]) == 2
    assert run.main([*arguments, "--engines", "none"]) == 2


def test_help_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["--help"])
    text = capsys.readouterr().out
    assert all(word in text for word in ("--banks", "--weights", "--smart-turn", "--size", "recorded people"))
