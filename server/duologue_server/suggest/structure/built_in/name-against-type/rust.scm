(parameter pattern: (identifier) @name type: (_) @type) @here
