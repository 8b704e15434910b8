package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestA06_B22_C20_OriginalPosts(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A06 a post of the page's own", postOfThePage},
		part{"A06 what began in private", postOfNothing},
		part{"A06 a visitor's post", postOfAVisitor},
		part{"a mention without its writer", postMention},
		part{"B22 a post that is removed", postRemoved},
		part{"a post that is not for us to see", postHidden},
		part{"a platform that is away", postAway},
		part{"a token that is broken", postUnauthorized},
		part{"the writer is erased", postErased},
		part{"many write under it at once", postCrowded},
		part{"B22 a post that is read again", postAgain},
		part{"a visitor changes their post", postEdited},
		part{"sight", postSight},
	)
}

// graph plays Meta's reads: what it is asked for it answers with, once it is told what.
type graph struct {
	*httptest.Server
	mu     sync.Mutex
	posts  map[string]map[string]any
	status int // of every answer; 0 for what there is
	code   int // Graph's, of every refusal
	asked  []string
	tokens []string
}

func newGraph(t *testing.T) *graph {
	g := &graph{posts: map[string]map[string]any{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	g.asked, g.tokens = append(g.asked, id), append(g.tokens, r.Header.Get("Authorization"))
	post, known := g.posts[id]
	switch {
	case g.status != 0:
		w.WriteHeader(g.status)
		_, _ = fmt.Fprintf(w, `{"error":{"message":"no","type":"OAuthException","code":%d}}`, g.code)
	case !known:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"Unsupported get request.","type":"GraphMethodException","code":100,"error_subcode":33}}`)
	default:
		_ = json.NewEncoder(w).Encode(post)
	}
}

// tells lets the platform answer a question from now on.
func (g *graph) tells(id string, post map[string]any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.posts[id] = post
}

// forgets lets the platform refuse a question.
func (g *graph) forgets(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.posts, id)
}

// fails lets every answer be this one; 0 for what there is.
func (g *graph) fails(status, code int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status, g.code = status, code
}

// questions counts how often the platform was asked for something.
func (g *graph) questions(id string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, asked := range g.asked {
		if asked == id {
			n++
		}
	}
	return n
}

// wall connects the desk's page in public, too, and gives the channel.
func (d deskSetup) wall(more map[string]any) string {
	d.admin.t.Helper()
	body := map[string]any{"name": "Wall", "app_id": d.app, "kind": "facebook_page", "account_id": d.page}
	maps.Copy(body, more)
	return d.admin.do("POST", "/v1/channels", body).want(201).get("id")
}

// read is wall with a queue and with a platform that can be asked.
func (d deskSetup) read(g *graph) string {
	d.admin.t.Helper()
	return d.wall(map[string]any{"queue_id": d.queue, "credentials": map[string]any{"access_token": "wall-token"}, "settings": map[string]any{"api_base_url": g.URL}})
}

// feed tells of changes to the desk's page, in one webhook, and waits until they are applied.
func (d deskSetup) feed(changes ...string) {
	d.admin.t.Helper()
	d.hook(batch(fmt.Sprintf(`{"id":%q,"time":1790000000,"changes":[%s]}`, d.page, strings.Join(changes, ",")))).want(200)
	d.admin.advance(0)
}

// changed is one change of a field of a page.
func changed(field string, value map[string]any) string {
	raw, _ := json.Marshal(map[string]any{"field": field, "value": value})
	return string(raw)
}

// comment is what somebody wrote under a post.
func comment(post, id, from, what string) string {
	return changed("feed", map[string]any{"item": "comment", "verb": "add", "post_id": post, "comment_id": id, "parent_id": post,
		"from": map[string]any{"id": from, "name": "Ana " + from}, "message": what, "created_time": 1790000000})
}

// published is the platform's answer for a post.
func published(author, what string) map[string]any {
	return map[string]any{"id": "x", "message": what, "from": map[string]any{"id": author, "name": "Name of " + author}, "permalink_url": "https://www.facebook.example/p",
		"created_time": "2026-09-21T12:00:00+0000", "attachments": map[string]any{"data": []any{map[string]any{"media_type": "photo",
			"media": map[string]any{"image": map[string]any{"src": "https://cdn.example.test/secret.jpg"}}}}}}
}

// begun gives the newest interaction that began in public.
func (d deskSetup) begun() string {
	d.admin.t.Helper()
	found := each(d.interactions(), "id")
	if len(found) == 0 {
		d.admin.t.Fatal("nothing came to the queue")
	}
	return found[len(found)-1]
}

// original reads the post of an interaction.
func (c *caller) original(interaction string) answer {
	c.t.Helper()
	return c.do("GET", "/v1/interactions/"+interaction+"/original-post", nil)
}

// A comment of which the webhook tells no post: the post is read, once for all who
// write under it, and shown where it is asked for.
func postOfThePage(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	wall, post := d.read(g), d.page+"_900"
	g.tells(post, published(d.page, "Our new boxes. Card 4111 1111 1111 1111."))
	d.feed(comment(post, "900_1"+d.page, "c1", "Nice"), comment(post, "900_2"+d.page, "c2", "Not nice"))
	i := d.begun()
	got := d.admin.original(i).want(200)
	for path, want := range map[string]string{"state": "ready", "platform_post_id": post, "author.id": d.page, "author.display_name": "Name of " + d.page,
		"permalink": "https://www.facebook.example/p", "posted_at": "2026-09-21T12:00:00.000Z", "attachments.0.type": "image",
		"attachments.0.url": "https://cdn.example.test/secret.jpg", "channel.id": wall, "channel.kind": "facebook_page"} {
		if got.get(path) != want {
			t.Errorf("%s is %q, want %q", path, got.get(path), want)
		}
	}
	if what := got.get("text"); !strings.HasPrefix(what, "Our new boxes.") || strings.Contains(what, "4111 1111") {
		t.Errorf("C20: the text is %q", what)
	}
	if n := g.questions(post); n != 1 || !strings.HasSuffix(g.tokens[0], "wall-token") {
		t.Errorf("the post was asked for %d times, with %v", n, g.tokens)
	}
	plain, whole := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200), d.admin.do("GET", "/v1/interactions/"+i+"?expand=original_post", nil).want(200)
	if plain.get("original_post.id") != got.get("id") || plain.get("original_post.text") != "" || whole.get("original_post.text") != got.get("text") || whole.get("origin") != "post" {
		t.Errorf("the interaction shows %s, and with expand %s", plain.get("original_post"), whole.get("original_post"))
	}
	for _, e := range d.admin.list("/v1/events?limit=200&interaction_id=" + i) {
		if strings.Contains(text(e), "boxes") || strings.Contains(text(e), "secret.jpg") {
			t.Errorf("an event tells %s", text(e))
		}
	}
}

func postOfNothing(t *testing.T, p *program) {
	d, _, i := p.talk(1)
	d.admin.original(i).code(404, "post.none")
	d.admin.original(unknownID).code(404, "interaction.not_found")
	if got := d.admin.do("GET", "/v1/interactions/"+i+"?expand=original_post", nil).want(200); !strings.Contains(string(got.body), `"original_post":null`) {
		t.Errorf("it shows %s", got.body)
	}
}

// What the webhook told is there before the platform is asked, and stays where that
// leaves something out.
func postOfAVisitor(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	g.fails(503, 2)
	post := d.page + "_901"
	d.feed(changed("feed", map[string]any{"item": "post", "verb": "add", "post_id": post, "from": map[string]any{"id": "v1", "name": "Vera"},
		"message": "Where are you?", "created_time": 1790000000}))
	i := d.begun()
	if got := d.admin.original(i).want(200); got.get("state") != "pending" || got.get("text") != "Where are you?" || got.get("author.display_name") != "Vera" || got.get("permalink") != "" {
		t.Errorf("before it is read it is %s", got.body)
	}
	g.fails(0, 0)
	g.tells(post, map[string]any{"permalink_url": "https://www.facebook.example/v"})
	d.admin.advance(2)
	if got := d.admin.original(i).want(200); got.get("state") != "ready" || got.get("text") != "Where are you?" || got.get("author.id") != "v1" || got.get("permalink") != "https://www.facebook.example/v" {
		t.Errorf("afterwards it is %s", got.body)
	}
}

// A mention comes with hardly more than where it is: its text and the name of who wrote
// it are read, and an event tells of it.
func postMention(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	g.tells("555_777"+d.page, published("m9", "They are great."))
	d.feed(changed("mention", map[string]any{"item": "post", "verb": "add", "post_id": "555_777" + d.page, "created_time": 1790000000}))
	g.tells("555_778"+d.page, published("m8", "A comment on it."))
	d.feed(changed("mention", map[string]any{"item": "comment", "verb": "add", "post_id": "555_776" + d.page, "comment_id": "555_778" + d.page, "created_time": 1790000001}))
	all := each(d.interactions(), "id")
	if len(all) != 2 {
		t.Fatalf("%d interactions", len(all))
	}
	for n, want := range []struct{ text, name, state string }{{"They are great.", "Name of m9", "ready"}, {"A comment on it.", "Name of m8", "gone"}} {
		m := d.admin.messages(all[n])
		if len(m) != 1 || text(lookup(m[0], "text")) != want.text || text(lookup(m[0], "attachments.#")) != "1" {
			t.Errorf("the transcript is %v", m)
		}
		i := d.admin.do("GET", "/v1/interactions/"+all[n]+"?expand=original_post", nil).want(200)
		if i.get("contact.display_name") != want.name || i.get("original_post.state") != want.state {
			t.Errorf("%s wrote under %s", i.get("contact"), i.get("original_post"))
		}
		if got := d.admin.happened(all[n], "message.edited"); len(got) != 1 {
			t.Errorf("told %v", got)
		}
	}
	if n := g.questions("555_778" + d.page); n != 1 {
		t.Errorf("the comment was asked for %d times", n)
	}
}

// What the platform took down is not to be had here, and nothing of it is left.
func postRemoved(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	post := d.page + "_902"
	g.tells(post, published(d.page, "regretted"))
	d.feed(comment(post, "902_1"+d.page, "c1", "What?"))
	i := d.begun()
	if got := d.admin.original(i).get("text"); got != "regretted" {
		t.Fatalf("it says %q", got)
	}
	d.feed(changed("feed", map[string]any{"item": "status", "verb": "remove", "post_id": post, "from": map[string]any{"id": d.page}, "created_time": 1790000009}))
	if got := d.admin.original(i).want(200); got.get("state") != "gone" || got.get("text") != "" || got.get("attachments.#") != "0" || strings.Contains(string(got.body), "Name of") {
		t.Errorf("it is %s", got.body)
	}
	d.feed(comment(post, "902_2"+d.page, "c2", "late"))
	if got := d.admin.original(d.begun()).want(200); got.get("state") != "gone" || g.questions(post) != 1 {
		t.Errorf("later it is %s, asked for %d times", got.body, g.questions(post))
	}
}

func postHidden(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	d.feed(comment(d.page+"_903", "903_1"+d.page, "c1", "Hello"))
	if got := d.admin.original(d.begun()).want(200); got.get("state") != "gone" || got.get("id") == "" {
		t.Errorf("it is %s", got.body)
	}
}

// A platform that does not answer is asked again, more and more slowly, for a day; the
// comment is there all the while.
func postAway(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	g.fails(500, 2)
	post := d.page + "_904"
	d.feed(comment(post, "904_1"+d.page, "c1", "Hello"))
	i := d.begun()
	d.admin.advance(7) // at 0, 1, 3 and 7 seconds
	if n := g.questions(post); n != 4 {
		t.Errorf("it was asked for %d times in 7 seconds", n)
	}
	if got := d.admin.original(i).want(200); got.get("state") != "pending" {
		t.Errorf("it is %s", got.body)
	}
	g.fails(0, 0)
	g.tells(post, published(d.page, "back"))
	d.admin.advance(8)
	if got := d.admin.original(i).want(200); got.get("state") != "ready" || got.get("text") != "back" {
		t.Errorf("it is %s", got.body)
	}
}

// A broken token is told once, keeps nothing from coming in, and with a new one the
// posts are read that waited.
func postUnauthorized(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	wall := d.read(g)
	g.fails(401, 190)
	d.feed(comment(d.page+"_905", "905_1"+d.page, "c1", "first"))
	d.feed(comment(d.page+"_906", "906_1"+d.page, "c2", "second"))
	all := each(d.interactions(), "id")
	if len(all) != 2 || d.admin.original(all[0]).get("state") != "pending" || d.admin.do("GET", "/v1/channels/"+wall, nil).get("status") != "needs_reauthorization" {
		t.Errorf("%d came in, and the channel is %s", len(all), d.admin.do("GET", "/v1/channels/"+wall, nil).body)
	}
	told := slices.DeleteFunc(d.admin.list("/v1/events?limit=200&types=channel.needs_reauthorization"), func(e any) bool { return text(lookup(e, "subject")) != wall })
	if len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
	g.fails(0, 0)
	for _, n := range []string{"_905", "_906"} {
		g.tells(d.page+n, published(d.page, "here"))
	}
	d.admin.do("PATCH", "/v1/channels/"+wall, map[string]any{"credentials": map[string]any{"access_token": "another-token"}}).want(200)
	d.admin.advance(0)
	for _, i := range all {
		if got := d.admin.original(i); got.get("state") != "ready" {
			t.Errorf("with a new token it is %s", got.body)
		}
	}
	if got := d.admin.do("GET", "/v1/channels/"+wall, nil).get("status"); got != "active" {
		t.Errorf("the channel is %s", got)
	}
}

// Somebody who is erased leaves nothing of what they posted, and what is read later of
// the time before brings nothing back.
func postErased(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	wall := d.read(g)
	post := d.page + "_907"
	g.tells(post, published("v7", "mine"))
	d.feed(changed("feed", map[string]any{"item": "post", "verb": "add", "post_id": post, "from": map[string]any{"id": "v7", "name": "Vera"}, "message": "mine", "created_time": 1790000000}))
	d.feed(comment(post, "907_1"+d.page, "c7", "Well said"))
	i := d.begun()
	if got := d.admin.original(i).get("author.id"); got != "v7" {
		t.Fatalf("it is of %q", got)
	}
	contact := text(lookup(d.admin.list("/v1/contacts?address=v7&channel_id=" + wall)[0], "id"))
	d.admin.do("DELETE", "/v1/contacts/"+contact, nil).want(204)
	d.admin.advance(0)
	if got := d.admin.original(i).want(200); got.get("state") != "gone" || strings.Contains(string(got.body), "mine") || strings.Contains(string(got.body), "v7") || strings.Contains(string(got.body), post) {
		t.Errorf("it is %s", got.body)
	}
	d.feed(comment(post, "907_2"+d.page, "c8", "Where is it?"))
	if got := d.admin.original(d.begun()).want(200); got.get("state") != "gone" || strings.Contains(string(got.body), "mine") {
		t.Errorf("read again it is %s", got.body)
	}
}

// However many write under a post at the same moment, it is one, and read once.
func postCrowded(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	post := d.page + "_909"
	g.tells(post, published(d.page, "crowded"))
	var group sync.WaitGroup
	for n := range 12 {
		group.Go(func() {
			d.hook(batch(fmt.Sprintf(`{"id":%q,"time":1790000000,"changes":[%s]}`, d.page, comment(post, fmt.Sprint("909_", n, d.page), fmt.Sprint("c", n), "Hello")))).want(200)
		})
	}
	group.Wait()
	d.admin.advance(0)
	posts := map[string]bool{}
	all := each(d.interactions(), "id")
	for _, i := range all {
		posts[d.admin.original(i).want(200).get("id")] = true
	}
	if len(all) != 12 || len(posts) != 1 || g.questions(post) != 1 {
		t.Errorf("%d interactions under %d posts, asked for %d times", len(all), len(posts), g.questions(post))
	}
}

// A platform may not tell that a post is gone: who looks at it after an hour has it
// read again, and then nothing of it is left, in no file either.
func postAgain(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	post := d.page + "_910"
	g.tells(post, published(d.page, "for a while"))
	d.feed(comment(post, "910_1"+d.page, "c1", "Hello"))
	i := d.begun()
	id := d.admin.original(i).want(200).get("id")
	content := "SELECT content FROM posts WHERE id = '" + id + "'"
	kept := []byte(p.columns(content)[0])
	g.forgets(post)
	for _, look := range []struct {
		after float64
		state string
	}{{3000, "ready"}, {700, "ready"}, {0, "gone"}} {
		d.admin.advance(look.after)
		if got := d.admin.original(i).want(200); got.get("state") != look.state {
			t.Errorf("after %v seconds it is %s", look.after, got.body)
		}
	}
	if n := g.questions(post); n != 2 {
		t.Errorf("it was asked for %d times", n)
	}
	p.gone([][]byte{kept}, func() { d.admin.original(i) })
	if left := p.columns(content); left[0] != "" {
		t.Error("its content is left")
	}
}

func postEdited(t *testing.T, p *program) {
	d, g := p.desk(1, nil), newGraph(t)
	d.read(g)
	post := d.page + "_911"
	g.tells(post, published("v1", "Hello"))
	change := func(verb, what string) string {
		return changed("feed", map[string]any{"item": "status", "verb": verb, "post_id": post, "from": map[string]any{"id": "v1", "name": "Vera"}, "message": what, "created_time": 1790000000})
	}
	d.feed(change("add", "Hello"))
	g.tells(post, published("v1", "Hello again"))
	d.feed(change("edited", "Hello again"))
	i := d.begun()
	if got := d.admin.original(i).want(200); got.get("text") != "Hello again" || g.questions(post) != 2 {
		t.Errorf("asked for %d times it is %s", g.questions(post), got.body)
	}
}

// The post is for those who see the interaction.
func postSight(t *testing.T, p *program) {
	d, g := p.desk(2, nil), newGraph(t)
	d.read(g)
	d.agents[0].onQueue()
	post := d.page + "_908"
	g.tells(post, published(d.page, "for all"))
	d.feed(comment(post, "908_1"+d.page, "c1", "Hello"))
	i, _ := d.agents[0].accepted("")
	if got := d.agents[0].original(i).want(200); got.get("text") != "for all" {
		t.Errorf("it is %s", got.body)
	}
	d.agents[1].original(i).code(404, "interaction.not_found")
}
