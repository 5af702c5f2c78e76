"""`duologue doctor`: every part checked, and what to do about those that do not work."""

import argparse
import dataclasses
import json
import sys

from duologue_server.cli.setting_arguments import add_setting_arguments, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="a list of results for machines")
    parser.add_argument("--endpoint-url", metavar="URL", help="an OpenAI-compatible endpoint to try")
    parser.add_argument("--endpoint-model", metavar="NAME", help="the model to ask for there")
    parser.add_argument(
        "--only", metavar="GROUP", action="append", help="machine, sound, speech, code, processes, outside"
    )
    parser.add_argument(
        "--mic", action="store_true", help="measure microphone, loudspeaker and room with your help: half a minute"
    )
    add_setting_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from duologue_server.doctor.run import CALIBRATION, GROUPS
    from duologue_server.doctor.show import Printer, as_json

    try:
        options = read_settings(args)
        unknown = sorted(set(args.only or ()) - set(GROUPS))
        if unknown:
            raise ValueError(f"there is no group '{unknown[0]}'; the groups are {', '.join(GROUPS)}")
        if args.mic and args.only:
            raise ValueError("--mic is a measurement of its own; leave --only out")
    except ValueError as error:
        print(f"duologue doctor: {error}", file=sys.stderr)
        return 2
    options = dataclasses.replace(
        options,
        endpoint_url=args.endpoint_url or options.endpoint_url,
        endpoint_model=args.endpoint_model or options.endpoint_model,
    )
    printer = Printer(quiet=args.json)
    if args.mic:
        results = printer.dialogue(CALIBRATION, options)
    else:
        chosen = [group for name, group in GROUPS.items() if not args.only or name in args.only]
        results = [result for group in chosen for result in printer.group(group, options)]
    if args.json:
        print(json.dumps(as_json(results), indent=2, ensure_ascii=False))
    else:
        printer.summary(results)
    return 1 if any(result.status == "failed" for result in results) else 0
