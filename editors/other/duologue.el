;; ~/.emacs.d/init.el, for eglot
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode)
                 . ("duologue" "lsp" :initializationOptions (:unpromptedPerHour 4)))))
(setq eglot-send-changes-idle-time 0)
(defun duologue (verb)
  "Ask Duologue for VERB."
  (interactive
   (list (completing-read "Duologue: " '("start" "stop" "mute" "unmute" "sleep" "wake" "why" "repeat" "accept" "dismiss"))))
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command (concat "duologue." verb) :arguments [])))
(defun duologue-key ()
  "Tell Duologue that a key was pressed, never which."
  (when-let ((server (and (fboundp 'eglot-current-server) (eglot-current-server))))
    (jsonrpc-notify server :duologue/activity '(:keys 1))))
(add-hook 'eglot-managed-mode-hook
          (lambda () (add-hook 'pre-command-hook #'duologue-key nil t)))
