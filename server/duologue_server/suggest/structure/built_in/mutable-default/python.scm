(parameters (default_parameter name: (identifier) @name value: [(list) (dictionary) (set) (list_comprehension) (dictionary_comprehension) (set_comprehension)] @here))
(parameters (typed_default_parameter name: (identifier) @name type: (_) @type value: [(list) (dictionary) (set) (list_comprehension) (dictionary_comprehension) (set_comprehension)] @here))
