package tinyllm.text;

/**
 * Cuts a text into the pieces inside which byte pairs merge. These are the patterns that this library knows; a tokenizer's file
 * names one of them, and no pattern is ever compiled from a file. Each is a scanner that looks at a character a bounded number
 * of times, so the time is linear where a backtracking regular expression may not be.
 */
enum PreTokenizer {
    /** GPT-2: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. */
    GPT2 {
        @Override
        void split(String text, int from, int to, Sink sink) {
            new Gpt2Scanner(text, to).scan(from, sink);
        }
    },

    /** SmolLM2: every digit is a piece of its own, and GPT-2's pattern cuts what lies between the digits. */
    SMOLLM {
        @Override
        void split(String text, int from, int to, Sink sink) {
            int start = from;
            for (int i = from; i < to; ) {
                int c = text.codePointAt(i);
                int after = i + Character.charCount(c);
                if (CharClass.number(c)) {
                    GPT2.split(text, start, i, sink);
                    sink.piece(i, after);
                    start = after;
                }
                i = after;
            }
            GPT2.split(text, start, to, sink);
        }
    },

    /**
     * Qwen2, Qwen2.5 and Qwen3: {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
     */
    QWEN2 {
        @Override
        void split(String text, int from, int to, Sink sink) {
            new Qwen2Scanner(text, to, 1).scan(from, sink);
        }
    },

    /** Llama 3: as {@link #QWEN2} with {@code \p{N}{1,3}}. */
    LLAMA3 {
        @Override
        void split(String text, int from, int to, Sink sink) {
            new Qwen2Scanner(text, to, 3).scan(from, sink);
        }
    };

    /** Receives the pieces from left to right; together they are the whole text. */
    interface Sink {
        void piece(int from, int to);
    }

    abstract void split(String text, int from, int to, Sink sink);
}
