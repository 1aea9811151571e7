package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/annotate"
	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/user"
)

// jobView is the page of a job around one of its tabs.
type jobView struct {
	ID, Name string
	State    stateView
	Sentence string
	Percent  string
	Live     bool // whether the page follows the job
	Moves    bool // whether a bar shows how far it is
	Buttons  []buttonLink
	Note     *noteView
	Life     []lifeView
	Tabs     []navView
	Tab      any
}

type buttonLink struct {
	URL, Text, Look, Confirm string
	Post, Download           bool
}

// showJob renders a tab of a job inside the job's page.
func (s *site) showJob(c echo.Context, v sight, page, tab string, content any) error {
	ctx := c.Request().Context()
	events, err := s.Store.Events(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	notices, err := s.Store.Notices(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	same, err := s.earlier(ctx, v)
	if err != nil {
		return err
	}
	name := visible(v.Name)
	view := jobView{
		ID: v.ID, Name: name, State: v.state(), Sentence: s.sentence(v), Percent: fmt.Sprintf("%.0f", v.progress.Percent),
		Live: !v.Status.Final() || v.Storage == job.Thawing, Moves: !v.Status.Final(), Buttons: v.buttons(), Note: v.note(), Life: v.timeline(events, notices, s.pulse.isDown(ctx, "notify")), Tabs: v.tabs(tab), Tab: content,
	}
	h := head{Title: name, Crumbs: []linkView{{URL: "/annotations", Text: "Jobs"}, {Text: shorten(name, 60)}}}
	if view.Live {
		h.Refresh = 5
	}
	if same != nil && view.Note == nil {
		view.Note = &noteView{
			Tone: "done", Head: "You have annotated this very file with these options before.", Text: "The result of " + clockText(same.CompleteTime, v.now) + " is there.",
			Action: &linkView{URL: "/annotations/" + same.ID, Text: "Open it"},
		}
	}
	return s.render(c, http.StatusOK, page, h, view)
}

// buttons are what can be done with a job as it stands.
func (v sight) buttons() []buttonLink {
	base := "/annotations/" + v.ID
	var out []buttonLink
	if v.Status == job.Completed && v.readable == nil {
		out = append(out, buttonLink{URL: fileURL(v.ID, kindResult), Text: "Download", Look: "btn-primary", Download: true})
	}
	if v.Status == job.Completed && v.owner.Plan != user.Premium && (v.expired() || v.Storage == job.Archived) {
		out = append(out, buttonLink{URL: "/subscribe", Text: "Upgrade to bring it back", Look: "btn-primary"})
	}
	if v.Status == job.Pending || v.Status == job.Running {
		out = append(out, buttonLink{URL: base + "/cancel", Text: "Cancel", Look: "btn-plain", Post: true})
	}
	if v.Status.Final() {
		out = append(out, buttonLink{URL: base + "/rerun", Text: "Run again", Look: "btn-plain", Post: true})
	}
	return append(out, buttonLink{
		URL: base + "/delete", Text: "Delete", Look: "btn-danger", Post: true,
		Confirm: "Delete this job with its input and result? This cannot be undone.",
	})
}

// tabs are the parts of a job's page.
func (v sight) tabs(here string) []navView {
	all := []string{"summary", "variants", "genes", "files", "log", "details"}
	if v.RerunOf != "" || here == "changes" {
		all = []string{"summary", "variants", "genes", "changes", "files", "log", "details"}
	}
	out := make([]navView, len(all))
	for i, tab := range all {
		out[i] = navView{URL: "/annotations/" + v.ID + "/" + tab, Text: sentence(tab), Here: tab == here}
	}
	return out
}

const logShown = 64 << 10

type logView struct {
	Missing  string
	Warnings []warningView
	Text     string
	More     string
}

type warningView struct{ Text, Times, First string }

// logPage answers GET /annotations/:id/log. The log stays readable for ever.
func (s *site) logPage(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	object, blobs, err := s.fileOf(v, job.FileLog)
	if err != nil {
		return s.showJob(c, v, "job_log", "log", logView{Missing: noLog(v, err)})
	}
	data, more, err := s.readStart(c.Request().Context(), blobs, object, logShown)
	if err != nil {
		return err
	}
	sum, err := s.summaryOf(c, v)
	if err != nil {
		return err
	}
	view := logView{Text: visible(string(data)), Warnings: sum.warnings()}
	if more {
		view.More = "The first " + sizeText(logShown) + " of " + sizeText(object.Size) + "; the rest is in the file."
	}
	return s.showJob(c, v, "job_log", "log", view)
}

// noLog says why there is none.
func noLog(v sight, err error) string {
	switch v.Status {
	case job.Failed:
		return "The job ended before there was anything to log. Why stands above."
	case job.Cancelled:
		return "The job was cancelled before there was anything to log."
	}
	return fault.Of(err).Message
}

// warnings are the summary's, which counts the same warning once for the whole file.
func (j *summaryJSON) warnings() []warningView {
	if j == nil {
		return nil
	}
	out := make([]warningView, len(j.Warnings))
	for i, w := range j.Warnings {
		out[i] = warningView{Text: visible(w.Message), Times: countText(w.Count), First: "line " + countText(w.Line)}
	}
	return out
}

type detailsView struct {
	Again        *rerunView // nil while the job has not ended
	Job, Options []factView
	Command      string
	Events       []eventView
}

type factView struct {
	Name, Value string
	Mono        bool
}

type eventView struct {
	At                         when
	Name, From, To, By, Detail string
}

func viewOfEvent(e job.Event) eventView {
	return eventView{At: toTheSecond(e.At), Name: e.Name, From: e.From, To: e.To, By: e.By, Detail: visible(e.Detail)}
}

// rerunView is the form that runs a job again with other options.
type rerunView struct {
	Action     string
	References []choiceView
	Options    optionsView
}

// detailsPage answers GET /annotations/:id/details.
func (s *site) detailsPage(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	events, err := s.Store.Events(c.Request().Context(), v.ID)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	view := detailsView{Job: v.facts(), Options: v.optionFacts(), Command: v.command()}
	if v.Status.Final() {
		upload, err := s.uploadView(c)
		if err != nil {
			return err
		}
		for i := range upload.References {
			upload.References[i].Chosen = upload.References[i].Value == orDefault(v.Options.Reference, "auto")
		}
		view.Again = &rerunView{Action: "/annotations/" + v.ID + "/rerun", References: upload.References, Options: s.optionsView(&v.Options)}
	}
	for _, e := range events {
		view.Events = append(view.Events, viewOfEvent(e))
	}
	return s.showJob(c, v, "job_details", "details", view)
}

func (v sight) facts() []factView {
	facts := []factView{{"Id", v.ID, true}, {"Name", visible(v.Name), false}, {"Status", string(v.Status), false}}
	add := func(name, value string, mono bool) {
		if value != "" {
			facts = append(facts, factView{name, value, mono})
		}
	}
	add("Result", v.resultText(), false)
	add("Submitted", at(v.SubmitTime).Text, false)
	add("Started", at(v.StartTime).Text, false)
	add("Ended", at(v.CompleteTime).Text, false)
	if v.Status != job.Uploading {
		add("Input", sizeText(v.Input.Size), false)
		add("Input's SHA-256", v.Input.SHA256, true)
	}
	if v.Status == job.Completed {
		add("Result's size", sizeText(v.Result.Size), false)
		add("Result's SHA-256", v.Result.SHA256, true)
	}
	add("Attempts", countText(v.Attempt), false)
	add("Run again of", v.RerunOf, true)
	if f := v.failure(); f.Code != "" {
		add("Error", f.Code, true)
	}
	return facts
}

func (v sight) optionFacts() []factView {
	o := v.Options
	facts := []factView{{"Reference", visible(orDefault(v.Reference, orDefault(o.Reference, "chosen by the file"))), false}}
	add := func(name, value string) { facts = append(facts, factView{name, visible(value), false}) }
	add("Format", strings.ToUpper(orDefault(o.Style, "csq")))
	add("Transcripts", transcriptsText(o))
	distance := "5,000 bases"
	if o.Distance != 0 {
		distance = countText(o.Distance) + " bases"
	}
	add("Distance", distance)
	add("Databases", orDefault(strings.Join(o.Databases, ", "), "none"))
	add("HGVS", map[bool]string{true: "left out", false: "yes"}[o.NoHGVS])
	for _, name := range sortedKeys(v.Versions) {
		facts = append(facts, factView{"Version of " + visible(name), visible(v.Versions[name]), true})
	}
	return facts
}

func transcriptsText(o job.Options) string {
	return map[string]string{"pick": "one for each allele", "per_gene": "one for each gene", "canonical": "canonical only", "mane": "MANE only", "all": "every one"}[transcriptsOf(o)]
}

// command is the command that repeats the job.
func (v sight) command() string {
	words := append([]string{"gas annotate", annotate.FileWord(visible(v.Name))}, flags(v.Options, v.Reference)...)
	return strings.Join(append(words, "-o "+annotate.FileWord(visible(downloadName(v.Name, kindResult)))), " ")
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
