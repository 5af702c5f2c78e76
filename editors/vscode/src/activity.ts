/** Fingers and focus: that keys were pressed, never which. Nothing is watched while the voice is off. */
import * as vscode from "vscode";
import type { Server } from "./client";
import { pace } from "./pace";
import { ACTIVITY, type Activity } from "./protocol";
import type { Truth } from "./state";

const INTERVAL_MS = 50;
/** The cursor moves this soon after the text that was typed. */
const TYPED_MS = 30;

export class Fingers implements vscode.Disposable {
  private keys = 0;
  private changedMs = Number.NEGATIVE_INFINITY;
  private readonly saving = new Set<string>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly sent = pace(INTERVAL_MS, () => this.send());

  /** Made before the language client, so that its listener runs before the one that sends `didChange`. */
  constructor(
    private readonly server: Server,
    private readonly truth: Truth,
    private readonly applying: () => boolean,
  ) {
    this.disposables.push(
      vscode.workspace.onDidChangeTextDocument((event) => this.changed(event)),
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind === vscode.TextEditorSelectionChangeKind.Keyboard) {
          this.moved();
        }
      }),
      vscode.workspace.onWillSaveTextDocument((event) => this.saving.add(event.document.uri.toString())),
      vscode.workspace.onDidSaveTextDocument((document) => this.saving.delete(document.uri.toString())),
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (this.truth.started) {
          this.server.notify(ACTIVITY, { focused } satisfies Activity);
        }
      }),
    );
  }

  dispose(): void {
    this.sent.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** A key that changes no text, such as the one that silences. */
  press(): void {
    if (this.truth.started) {
      this.keys += 1;
      this.sent.push();
    }
  }

  private changed(event: vscode.TextDocumentChangeEvent): void {
    const { document } = event;
    const active = vscode.window.activeTextEditor?.document === document;
    // Formatters change text as well, at a save; files that are reloaded change in the background.
    if (active && !this.applying() && event.contentChanges.length > 0 && !this.saving.has(document.uri.toString())) {
      this.changedMs = performance.now();
      this.press();
    }
  }

  /** The cursor went somewhere by key; a key that typed moves it too, and has been counted. */
  private moved(): void {
    if (!this.applying() && performance.now() - this.changedMs > TYPED_MS) {
      this.press();
    }
  }

  private send(): void {
    const keys = this.keys;
    this.keys = 0;
    if (keys > 0) {
      const selecting = vscode.window.activeTextEditor?.selections.some((range) => !range.isEmpty) ?? false;
      this.server.notify(ACTIVITY, { keys, selecting } satisfies Activity);
    }
  }
}
