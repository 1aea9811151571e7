package web

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"gas/pkg/genome"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// uploadView is the form for a file.
type uploadView struct {
	Limit         int64
	LimitText     string
	LimitSentence string
	Direct        bool // the store takes files itself
	References    []choiceView
	Options       optionsView
}

type homeView struct {
	Upload      uploadView
	Attention   []attentionView
	Recent      []rowView
	Live        bool
	Queued      int
	QueuedLimit int
	QueuedText  string
}

type attentionView struct {
	ID, Name, Text string
	State          stateView
}

type visitorView struct {
	Example []exampleView
	Plans   []planView
	BaseURL string
}

type exampleView struct {
	Position, Change, Gene, HGVS, Consequence string
	Impact                                    impactView
}

type impactView struct{ Name, Icon string }

type planView struct {
	Name  string
	Best  bool
	Yours bool   // the plan of who looks
	Price string // empty = not said here
	Facts []fieldView
}

// home answers GET /.
func (s *site) home(c echo.Context) error {
	if !who(c).signedIn() {
		view := visitorView{Example: exampleRows(), Plans: s.planViews(), BaseURL: s.baseURL(c)}
		return s.show(c, "visitor", head{Title: "Genomics Annotation Service"}, view)
	}
	upload, err := s.uploadView(c)
	if err != nil {
		return err
	}
	u := who(c).user
	page, err := s.Store.JobsOf(c.Request().Context(), u.ID, port.JobQuery{Limit: 20})
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	seen, err := s.lookAll(c, page.Jobs)
	if err != nil {
		return err
	}
	recent := seen[:min(5, len(seen))]
	view := homeView{
		Upload: upload, Recent: s.rows(recent), Live: unfinished(recent), Attention: attention(seen),
		Queued: u.Load.Queued(), QueuedLimit: s.Plans.Of(u.Plan).Queued,
	}
	view.QueuedText = countText(view.Queued) + " of " + countText(view.QueuedLimit)
	return s.show(c, "home", head{Title: "Home"}, view)
}

// attention lists what a person may have to do something about: failed, soon archived, being restored. At most five.
func attention(seen []sight) []attentionView {
	var out []attentionView
	for _, v := range seen {
		text := ""
		switch {
		case v.Status == job.Failed:
			text = failureSentence(v.failure())
		case v.Status == job.Completed && (v.Storage == job.Thawing || v.Storage == job.Damaged):
			text = v.resultText()
		case v.Status == job.Completed && !v.freeUntil.IsZero() && v.readable == nil:
			text = "can be read until " + clockText(v.freeUntil, v.now)
		}
		if text != "" && len(out) < 5 {
			out = append(out, attentionView{ID: v.ID, Name: visible(v.Name), Text: text, State: v.state()})
		}
	}
	return out
}

// exampleRows are five rows of what the built-in example gives; a test holds them against the engine.
func exampleRows() []exampleView {
	high, moderate, low, modifier := impactView{"HIGH", "high"}, impactView{"MODERATE", "moderate"}, impactView{"LOW", "low"}, impactView{"MODIFIER", "modifier"}
	return []exampleView{
		{"MT:3243", "A > G", "TRNL1", "n.14A>G", "non_coding_transcript_exon_variant", modifier},
		{"MT:7028", "C > T", "COX1", "c.1125C>T p.Ala375=", "synonymous_variant", low},
		{"MT:8993", "T > G", "ATP6", "c.467T>G p.Leu156Arg", "missense_variant", moderate},
		{"MT:9952", "G > A", "COX3", "c.746G>A p.Trp249Ter", "stop_gained", high},
		{"MT:11778", "G > A", "ND4", "c.1019G>A p.Arg340His", "missense_variant", moderate},
	}
}

func (s *site) planViews() []planView {
	return []planView{s.planView(user.Free), s.planView(user.Premium)}
}

// planView shows a plan by its real limits.
func (s *site) planView(plan user.Plan) planView {
	l := s.Plans.Of(plan)
	window := "stay readable"
	if l.Window > 0 {
		window = "readable for " + durationText(l.Window) + ", then kept in cold storage"
	}
	return planView{Name: plan.Word(), Best: plan == user.Premium, Facts: []fieldView{
		{"File", "up to " + sizeText(l.Upload) + ", " + sizeText(l.Decompressed) + " decompressed"},
		{"Jobs", countText(l.Running) + " at once, " + countText(l.Queued) + " waiting"},
		{"Results", window},
	}}
}

func (s *site) uploadView(c echo.Context) (uploadView, error) {
	u := who(c).user
	limit := s.Plans.Of(u.Plan).Upload
	_, ours := s.Inputs.(port.FormHandler)
	view := uploadView{Limit: limit, LimitText: sizeText(limit), Direct: !ours}
	view.LimitSentence = "Up to " + sizeText(limit) + " on " + u.Plan.Word() + "."
	if u.Plan != user.Premium {
		view.LimitSentence = "Up to " + sizeText(limit) + " on Free; Premium " + sizeText(s.Plans.Premium.Upload) + "."
	}
	view.References = []choiceView{{Value: "auto", Text: "Choose by the file", Chosen: true}}
	installed, err := s.references()
	if err != nil {
		return view, err
	}
	for _, r := range installed {
		view.References = append(view.References, choiceView{Value: r.Name, Text: r.Name + orNothing(" (", r.Source, ")")})
	}
	view.Options = s.optionsView(nil)
	return view, nil
}

func orNothing(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// referenceJSON is an installed reference.
type referenceJSON struct {
	Name    string `json:"name"`
	Source  string `json:"source"`
	Builtin bool   `json:"builtin"`
}

// references lists what is installed: the built-in ones, then those in the data folder, by name.
func (s *site) references() ([]referenceJSON, error) {
	list, err := genome.List(s.Config.ReferencesFolder())
	if err != nil {
		return nil, err
	}
	out := make([]referenceJSON, len(list))
	for i, r := range list {
		out[i] = referenceJSON{Name: r.Name, Builtin: r.Builtin()}
		if r.Manifest != nil {
			out[i].Source = r.Manifest.Source
		}
	}
	return out, nil
}
