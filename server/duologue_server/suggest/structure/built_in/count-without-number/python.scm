(assignment left: (identifier) @name right: [(list) (string)] @given) @here
