"""The page behind the link in a grade book's comment."""

from uuid import uuid4

from grading.comment import work_link
from tests.lti_tool.site import Site


def test_the_link_of_a_comment_leads_to_the_activity_in_its_lms(site: Site) -> None:
    launched = site.launch()
    link = work_link("", launched.attempt_id)
    response = site.app.test_client().get(link)
    assert response.status_code == 200
    assert "Go to the course" in response.text
    assert str(launched.attempt_id) not in response.text


def test_a_link_to_no_work_leads_nowhere(site: Site) -> None:
    assert site.app.test_client().get(f"/work/{uuid4()}").status_code == 404
