/** The one truth in the status bar; a click opens all verbs. */
import * as vscode from "vscode";
import { type Truth, sounding } from "./state";

const BACKGROUNDS = { ok: undefined, warning: "statusBarItem.warningBackground", error: "statusBarItem.errorBackground" };

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("duologue.state", vscode.StatusBarAlignment.Right, 90);

  constructor(private readonly truth: Truth) {
    this.item.name = "Duologue";
    this.item.command = "duologue.menu";
    this.item.show();
    this.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  show(): void {
    const { icon, text, severity } = this.truth.reading;
    const now = this.truth.now;
    const latency = now.latencyMs === null ? "" : ` · ${Math.round(now.latencyMs)} ms`;
    this.item.text = `$(${icon}) Duologue: ${text}${this.truth.started ? latency : ""}`;
    const background = BACKGROUNDS[severity];
    this.item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
    const [first = "", ...facts] = this.truth.facts;
    const tooltip = new vscode.MarkdownString(`**Duologue: ${first}**\n\n`);
    for (const fact of facts) {
      tooltip.appendMarkdown("- ").appendText(fact).appendMarkdown("\n");
    }
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `Duologue: ${text}. Opens all commands.`, role: "button" };
    const context: Record<string, unknown> = {
      started: this.truth.started,
      speaking: now.partner === "speaking" || now.partner === "ducked",
      sounding: sounding(now),
      microphone: now.microphone,
      server: this.truth.troubled === "",
    };
    for (const [name, value] of Object.entries(context)) {
      void vscode.commands.executeCommand("setContext", `duologue.${name}`, value);
    }
  }
}
