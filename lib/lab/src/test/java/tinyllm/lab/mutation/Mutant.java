package tinyllm.lab.mutation;

/**
 * One small change of one exercise's solution.
 *
 * @param answer the solution
 * @param edit the change
 * @param was the source lines that it touches, as one line
 * @param is the same lines afterwards
 */
record Mutant(Answer answer, Edit edit, String was, String is) {

    static Mutant of(Answer answer, Edit edit) {
        String source = answer.source();
        int from = source.lastIndexOf('\n', edit.from() - 1) + 1;
        int end = source.indexOf('\n', edit.to());
        int to = end < 0 ? source.length() : end;
        String lines = source.substring(from, to);
        Edit there = new Edit(edit.from() - from, edit.to() - from, edit.text());
        return new Mutant(answer, edit, oneLine(lines), oneLine(there.on(lines)));
    }

    String exercise() {
        return answer.exercise().id();
    }

    String source() {
        return edit.on(answer.source());
    }

    private static String oneLine(String lines) {
        return lines.replaceAll("(?m)\\s+//\\s.*$", "").strip().replaceAll("\\s+", " ");
    }

    @Override
    public String toString() {
        return exercise() + ": `" + was + "` → `" + is + "`";
    }
}
