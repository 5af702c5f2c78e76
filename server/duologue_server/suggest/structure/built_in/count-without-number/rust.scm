(let_declaration pattern: (identifier) @name value: (string_literal) @given) @here
