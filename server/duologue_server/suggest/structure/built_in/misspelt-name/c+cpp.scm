(translation_unit) @here
