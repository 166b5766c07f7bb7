"""Fifteen questions about your podcasts, with plots: a notebook.

    pip install 'turntable[notebook]'
    marimo edit examples/questions.py                              change it as you like
    marimo export html examples/questions.py -o questions.html     a page to show around

It reads the snapshot of TURNTABLE_HOME, or of your usual home, and changes nothing.
"""

import marimo

app = marimo.App(app_title="Fifteen questions")


@app.cell
def _():
    import duckdb
    import marimo as mo
    from matplotlib.figure import Figure

    from flows.settings import Settings

    con = duckdb.connect(str(Settings().snapshot), read_only=True)

    def ask(sql):
        """Return the answer to a query as a data frame."""
        return con.execute(sql).df()

    def bars(answer, label, value, unit=""):
        """Draw a bar a row, the longest twenty; a label may be made of several columns."""
        label = [label] if isinstance(label, str) else label
        top = answer.dropna(subset=[value]).nlargest(20, value).iloc[::-1]
        figure = Figure(figsize=(8, 0.6 + 0.32 * max(len(top), 1)), layout="constrained")
        axes = figure.subplots()
        names = [" · ".join(map(str, row)) for row in top[label].itertuples(index=False)]
        drawn = axes.barh(range(len(top)), top[value].astype(float), color="#3b6ea5")
        axes.bar_label(drawn, fmt="{:,.4g}", padding=3)
        axes.set_yticks(range(len(top)), [name.replace("$", r"\$")[:60] for name in names])  # $ begins a formula
        axes.set_xlabel(unit or value)
        axes.spines[["top", "right"]].set_visible(False)
        return figure

    def grid(answer, row, column, value):
        """Draw a square a pair, the darker the more."""
        table = answer.pivot_table(index=row, columns=column, values=value, aggfunc="sum", fill_value=0).iloc[
            :15, :15
        ]
        figure = Figure(figsize=(2 + 0.6 * len(table.columns), 1.6 + 0.5 * len(table)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(table, cmap="Blues", aspect="auto")
        axes.set_xticks(
            range(len(table.columns)), [str(name)[:25] for name in table.columns], rotation=45, ha="right"
        )
        axes.set_yticks(range(len(table)), [str(name)[:25] for name in table.index])
        for y, counts in enumerate(table.to_numpy()):
            for x, count in enumerate(counts):
                dark = count > table.to_numpy().max() / 2
                axes.text(x, y, f"{count:g}", ha="center", va="center", color="white" if dark else "black")
        axes.set_xlabel(column)
        axes.set_ylabel(row)
        return figure

    def shown(title, answer, *plots):
        """Show a question, its plots, and its answer as a table."""
        nothing = mo.md("*Nothing of that is in this home.*")
        return mo.vstack([mo.md(f"## {title}"), *((*plots, mo.ui.table(answer)) if len(answer) else (nothing,))])

    return ask, bars, con, grid, mo, shown


@app.cell
def _(con, mo):
    episodes, hours = con.execute(
        "select count(distinct episode_id), sum(seconds) / 3600 from talk_time"
    ).fetchone()
    mo.md(f"# Fifteen questions\n\n{episodes} episodes with {hours or 0:.1f} hours of speech that has times.")
    return


@app.cell
def _(ask, bars, shown):
    q1 = ask("""
        select title, speaker, words, round(100 * words / sum(words) over (partition by title)) as percent
        from talk_time order by title, words desc
    """)
    shown("1. Who talked how much?", q1, bars(q1, ["title", "speaker"], "words"))
    return (q1,)


@app.cell
def _(mo):
    term = mo.ui.text(value="diamond*", label="A term, for questions 2 to 4 and 10")
    term
    return (term,)


@app.cell
def _(con, shown, term):
    q2 = con.execute(
        "select published_at, podcast, title, speaker, start_time, text from first_mentions(?)", [term.value]
    ).df()
    shown("2. When did anyone first say a term?", q2)
    return (q2,)


@app.cell
def _(con, shown, term):
    q3 = con.execute("select title, speaker, start_time, text, link from search(?)", [term.value]).df()
    shown("3. Who said that, and at which second?", q3)
    return (q3,)


@app.cell
def _(con, shown, term):
    q4 = con.execute(
        """
        select x.title, x.speaker, x.text as asked, x.answered_by, s.text as answer
        from search(?) s join exchanges x on x.transcript_id = s.transcript_id and x.answer_index = s.turn_index
        """,
        [term.value],
    ).df()
    shown("4. What was asked just before somebody said so?", q4)
    return (q4,)


@app.cell
def _(ask, grid, shown):
    q5 = ask("select speaker, interrupted, count(*) as times from interruptions group by all order by times desc")
    shown("5. Who interrupts whom?", q5, *([grid(q5, "speaker", "interrupted", "times")] if len(q5) else []))
    return (q5,)


@app.cell
def _(ask, bars, shown):
    q6 = ask("""
        select podcast, speaker, sum(episodes)::integer as episodes, sum(of_episodes)::integer as of_episodes
        from guests where role is distinct from 'host' group by all order by episodes desc, speaker
    """)
    shown("6. Who was on the show, and how often?", q6, bars(q6, ["podcast", "speaker"], "episodes"))
    return (q6,)


@app.cell
def _(ask, grid, shown):
    q7 = ask("""
        select speaker, other_speaker, sum(answers)::integer as answers, sum(to_questions)::integer as to_questions
        from speaker_pairs group by all order by answers desc, speaker, other_speaker
    """)
    shown("7. Who answers whom?", q7, *([grid(q7, "speaker", "other_speaker", "answers")] if len(q7) else []))
    return (q7,)


@app.cell
def _(ask, shown):
    q8 = ask("""
        select title, speaker, text as question, answered_by, answer
        from exchanges where is_question order by published_at, title, turn_index limit 500
    """)
    shown("8. Which questions were asked, and what was the answer?", q8)
    return (q8,)


@app.cell
def _(ask, bars, shown):
    q9 = ask("""
        select answered_by, count(*) as answers, round(median(gap), 2) as seconds
        from exchanges where is_question and answered_by is not null group by answered_by order by answers desc
    """)
    shown("9. How long does somebody think before an answer?", q9, bars(q9, "answered_by", "seconds"))
    return (q9,)


@app.cell
def _(bars, con, shown, term):
    q10 = con.execute(
        """
        select strftime(month, '%Y-%m') as month, podcast, mentions, episodes, of_episodes
        from keyword_timeline(?) order by month
        """,
        [term.value],
    ).df()
    shown(
        "10. Since when is something talked about, and how often?",
        q10,
        bars(q10, ["month", "podcast"], "mentions"),
    )
    return (q10,)


@app.cell
def _(ask, bars, shown):
    q11 = ask("""
        select title, source, words, round(100 * unattributed_share) as unattributed, parse_coverage,
            round(parse_confidence, 2) as parse_confidence, flags
        from transcript_quality where is_best order by unattributed desc nulls last, title
    """)
    plot = bars(q11, ["title", "source"], "unattributed", "percent of the words whose speaker is unknown")
    shown("11. Which transcripts can I trust?", q11, plot)
    return (q11,)


@app.cell
def _(ask, bars, shown):
    q12 = ask("""
        select e.title, t.model, v.words, round(v.share, 2) as said_as_written, v.misnamed_words
        from evals v join transcripts t using (transcript_id) join episodes e on e.episode_id = v.episode_id
        order by said_as_written
    """)
    differ = bars(q12, ["title", "model"], "said_as_written")
    shown("12. Where do the publisher and the recogniser differ?", q12, differ)
    return (q12,)


@app.cell
def _(ask, bars, shown):
    q13 = ask("""
        select title, speaker, round(end_time - start_time) as seconds, text[:80] as beginning
        from best_turns order by end_time - start_time desc nulls last limit 20
    """)
    shown("13. What is the longest that somebody goes on?", q13, bars(q13, ["title", "speaker"], "seconds"))
    return (q13,)


@app.cell
def _(ask, shown):
    q14 = ask("""
        select e.title, v.event, t.speaker_name as speaker, t.text
        from events v join transcripts b using (transcript_id) join episodes e using (episode_id)
        join turns t on t.transcript_id = v.transcript_id and t.turn_index = v.turn_index
        where b.is_best and v.event ilike '%laugh%'
    """)
    shown("14. What was laughed at?", q14)
    return (q14,)


@app.cell
def _(ask, bars, shown):
    q15 = ask("""
        select stage, coalesce(device, '') as device, count(*) as runs, round(sum(seconds), 1) as seconds,
            round(sum(audio_seconds) / sum(seconds), 1) as times_real_time
        from processing group by all order by seconds desc
    """)
    shown("15. What took how long?", q15, bars(q15, ["stage", "device"], "seconds"))
    return (q15,)


if __name__ == "__main__":
    app.run()
