(formal_parameter type: (_) @type name: (identifier) @name) @here
