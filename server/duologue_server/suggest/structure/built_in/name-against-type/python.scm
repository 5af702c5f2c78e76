(typed_parameter (identifier) @name type: (type) @type) @here
(typed_default_parameter name: (identifier) @name type: (type) @type) @here
