class Names:
    @classmethod
    def of(cls, words): return cls()
def restore(text, names): return text
