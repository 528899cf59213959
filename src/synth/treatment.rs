//! What was done: resection, nodes, schema items and the courses of treatment of one tumor, with their days.
//!
//! Everything happens between diagnosis and the last contact, in an order that the sequence items can tell: therapy
//! before the operation (neoadjuvant), the operation, then what follows it.

use super::World;
use super::calendar::{Day, working_day};
use super::disease::{Course, Disease, Kind, Nodes, Ssdi};
use super::life::{Case, End, Given, Method, is_resection};
use super::rng::Rng;

/// Draws resection, nodes, schema items and courses.
pub fn plan(world: &World, rng: &mut Rng, case: &mut Case, end: &End) {
    let disease = &world.diseases[case.disease];
    if case.is_dco() || case.method == Method::Autopsy {
        case.nodes = if disease.nodes == Nodes::NotCollected { (99, 99) } else { (0, 98) };
        draw_values(rng, case, disease);
        return;
    }
    let room = end.last - case.dx;
    resection(rng, case, disease, room);
    tissue(rng, case, disease);
    draw_values(rng, case, disease);
    courses(rng, case, disease, end.last);
    case.watched = case.modalities() == 0 && disease.is("watch") && room > 200;
    recurrence(rng, case, disease, end);
}

/// Takes away what a laboratory that only saw the specimen cannot know.
pub fn forget(case: &mut Case) {
    case.given.clear();
    case.recurrence = None;
    case.watched = false;
}

fn resection(rng: &mut Rng, case: &mut Case, disease: &Disease, room: i32) {
    let stage = &disease.stages[case.stage];
    let frail = if case.age > 84 { 0.7 } else { 1.0 };
    let low = stage.positive.0;
    if room >= 25 && rng.chance(stage.resected * frail) {
        let site = &disease.sites[case.site].code;
        let suits = |index: usize| {
            let surgery = &disease.surgeries[index];
            (surgery.stages.is_empty() || surgery.stages.contains(&stage.label))
                && (surgery.sites.is_empty() || surgery.sites.contains(site))
        };
        let total: f32 = (0..disease.surgeries.len()).filter(|i| suits(*i)).map(|i| disease.surgeries[i].weight).sum();
        let mut left = rng.unit() as f32 * total;
        let mut choice = None;
        for index in (0..disease.surgeries.len()).filter(|index| suits(*index)) {
            choice = Some(index);
            left -= disease.surgeries[index].weight;
            if left <= 0.0 {
                break;
            }
        }
        if let Some(index) = choice {
            let surgery = &disease.surgeries[index];
            case.neoadjuvant = room > 300 && case.age < 82 && surgery.with_nodes && rng.chance(stage.neoadjuvant);
            let wait =
                if case.neoadjuvant { rng.between(150, 230) } else { rng.between(surgery.days.0, surgery.days.1) };
            let when = if surgery.days.1 == 0 { case.dx } else { working_day(case.dx + wait.min(room - 3)) };
            case.surgery = Some((index, when.min(case.dx + room)));
            if surgery.with_nodes {
                nodes_removed(rng, case, disease, low);
            }
        }
    }
    if disease.nodes == Nodes::NotCollected {
        case.nodes = (99, 99);
    } else if case.nodes.0 == 0 {
        case.nodes = match case.surgery {
            _ if low == 0 || disease.nodes == Nodes::Seldom => (0, 98),
            _ if rng.chance(0.35) => (95, 95),
            _ => (0, 98),
        };
    }
}

fn nodes_removed(rng: &mut Rng, case: &mut Case, disease: &Disease, low: i32) {
    let stage = &disease.stages[case.stage];
    let insitu = disease.hists[case.hist].behavior == '2';
    let any = match disease.nodes {
        Nodes::Regional => !insitu || rng.chance(0.2),
        Nodes::Sentinel => (low > 0 || rng.chance(0.82)) && (!insitu || rng.chance(0.25)),
        Nodes::Seldom => low > 0 && rng.chance(0.7) || rng.chance(0.12),
        Nodes::NotCollected => false,
    };
    if !any {
        return;
    }
    let cleared = case.neoadjuvant && case.year >= 2021 && rng.chance(0.4);
    let positive = if cleared { 0 } else { rng.between(stage.positive.0, stage.positive.1) };
    let (least, most) = disease.examined;
    if disease.nodes == Nodes::Sentinel {
        let examined = rng.between(1, 4).max(positive.min(3));
        let found = positive.min(examined);
        case.sentinel = Some((examined, found));
        // A dissection follows many or several positive nodes.
        let more = positive > 2 || (positive > 0 && rng.chance(0.3));
        let total = if more { rng.between(least, most).max(positive + 3).max(examined + 4) } else { examined };
        case.nodes = (total, if more { positive } else { found });
    } else {
        case.nodes = (rng.between(least, most).max(positive + 1), positive);
    }
}

fn tissue(rng: &mut Rng, case: &mut Case, disease: &Disease) {
    let heme = disease.is("heme");
    if case.surgery.is_none() {
        if let Some((chance, _, hist)) = &disease.clinical
            && !(1..60).contains(&case.sequence)
            && rng.chance(*chance)
        {
            let other = disease
                .hists
                .iter()
                .position(|one| one.code == *hist && (one.behavior == disease.hists[case.hist].behavior));
            if let Some(other) = other {
                case.hist = other;
                case.method = Method::Clinical;
                case.grade = "9".to_owned();
                if case.nodes == (95, 95) {
                    case.nodes = (0, 98);
                }
            }
        } else if !heme && disease.is("cytology") && rng.chance(0.15) {
            case.method = Method::Cytology;
        }
    }
    let benign = matches!(disease.hists[case.hist].behavior, '0' | '1');
    case.lvi = match case.method {
        _ if disease.is("nolvi") || benign => '8',
        Method::Histology if disease.hists[case.hist].behavior == '2' => '0',
        Method::Histology if case.surgery.is_some_and(|(index, _)| is_resection(disease, index)) => {
            let node = case.nodes.1 > 0 && case.nodes.1 < 98;
            let present = if disease.is("lviveins") && case.year >= 2018 { '3' } else { '1' };
            match rng.unit() {
                unit if unit < if node { 0.5 } else { 0.15 } => present,
                unit if unit < 0.9 => '0',
                _ => '9',
            }
        }
        _ => '9',
    };
}

/// True when all conditions of a schema line hold for the case.
fn holds(line: &Ssdi, case: &Case, disease: &Disease, year: i32) -> bool {
    let (hist, stage) = (&disease.hists[case.hist], &disease.stages[case.stage]);
    (line.years.0..=line.years.1).contains(&year)
        && line.conditions.iter().all(|condition| {
            let (condition, wanted) = match condition.strip_prefix('!') {
                Some(rest) => (rest, false),
                None => (condition.as_str(), true),
            };
            let truth = match condition.split_once(':') {
                Some(("st", label)) => label.split('/').any(|one| one == stage.label),
                Some(("site", code)) => code.split('/').any(|one| one == disease.sites[case.site].code),
                Some(("hist", code)) => code.split('/').any(|one| one == hist.code),
                Some(("grade", code)) => code.split('/').any(|one| one == case.grade),
                Some(("surgery", code)) => case
                    .surgery
                    .is_some_and(|(index, _)| code.split('/').any(|one| disease.surgeries[index].codes[0] == one)),
                _ => match condition {
                    "insitu" => hist.behavior == '2',
                    "benign" => matches!(hist.behavior, '0' | '1'),
                    "res" => case.surgery.is_some_and(|(index, _)| is_resection(disease, index)),
                    "neo" => case.neoadjuvant,
                    "nodes" => case.nodes.0 > 0 && case.nodes.0 < 95,
                    "pos" => case.nodes.1 > 0 && case.nodes.1 < 96,
                    "dco" => case.is_dco(),
                    "notissue" => matches!(case.method, Method::Clinical | Method::DeathCertificate),
                    _ => false,
                },
            };
            truth == wanted
        })
}

fn draw_values(rng: &mut Rng, case: &mut Case, disease: &Disease) {
    let year = case.year.max(2018);
    case.values.clear();
    for line in &disease.ssdis {
        if line.items.iter().all(|item| case.values.iter().any(|(known, _)| known == item))
            || !holds(line, case, disease, year)
        {
            continue;
        }
        let drawn = line.values.draw(rng);
        for (item, value) in line.items.iter().zip(drawn.split('+')) {
            if value == "-" || case.values.iter().any(|(known, _)| known == item) {
                continue;
            }
            let value = number(rng, case, value);
            case.values.push((*item, value));
        }
    }
}

/// A value, or a number drawn for `~low-high/decimals` (small numbers more often), `@pos` and the like.
fn number(rng: &mut Rng, case: &Case, value: &str) -> String {
    if let Some(range) = value.strip_prefix('~') {
        let (range, decimals) = range.split_once('/').unwrap_or((range, "0"));
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (f64, f64) = (low.parse().unwrap_or(0.0), high.parse().unwrap_or(1.0));
        let drawn = low + (high - low) * rng.unit() * rng.unit();
        return match decimals {
            "1" => format!("{drawn:.1}"),
            "02" => format!("{:02}", drawn.round() as i32),
            "03" => format!("{:03}", drawn.round() as i32),
            _ => format!("{drawn:.0}"),
        };
    }
    match value {
        "@pos" => format!("{:02}", case.nodes.1.clamp(0, 90)),
        "@exam" => format!("{:02}", case.nodes.0.clamp(0, 90)),
        _ => value.to_owned(),
    }
}

fn courses(rng: &mut Rng, case: &mut Case, disease: &Disease, last: Day) {
    let kinds = [Kind::Chemo, Kind::Transplant, Kind::Radiation, Kind::Brm, Kind::Hormone, Kind::Other];
    for kind in kinds {
        let fit = disease.drugs.iter().position(|course| course.kind == kind && suits(course, case, disease));
        let Some(index) = fit else { continue };
        let course = &disease.drugs[index];
        let first = case.neoadjuvant && goes_first(course, disease);
        let old = match kind {
            Kind::Chemo | Kind::Transplant => ((92 - case.age).max(0) as f64 / 14.0).min(1.0),
            Kind::Radiation => ((96 - case.age).max(0) as f64 / 10.0).min(1.0),
            _ => 1.0,
        };
        if !first && !rng.chance(course.chance * old) {
            continue;
        }
        let start = match (case.surgery, first) {
            (_, true) => case.dx + rng.between(18, 40),
            (Some((_, day)), false) => day + after_operation(rng, kind),
            (None, false) => case.dx + without_operation(rng, kind),
        };
        let start = working_day(start);
        let length = match kind {
            Kind::Radiation => {
                let fractions: i32 = course.plan.get(5).and_then(|text| text.parse().ok()).unwrap_or(25);
                (fractions - 1) * 7 / 5
            }
            _ => 0,
        };
        if start + length > last - 2 {
            continue;
        }
        if first && case.surgery.is_some_and(|(_, day)| start + length >= day - 10) {
            continue;
        }
        case.given.push(Given { course: index, start, end: start + length });
    }
    let before = |case: &Case| case.given.iter().any(|given| case.surgery.is_some_and(|(_, day)| given.start < day));
    if case.neoadjuvant && !before(case) {
        case.neoadjuvant = false;
    }
}

/// Chemotherapy comes before the operation, radiation too where the disease says so.
fn goes_first(course: &Course, disease: &Disease) -> bool {
    match course.kind {
        Kind::Chemo => true,
        Kind::Radiation => disease.is("neoradiation"),
        _ => false,
    }
}

fn after_operation(rng: &mut Rng, kind: Kind) -> i32 {
    match kind {
        Kind::Chemo => rng.between(28, 60),
        Kind::Radiation => rng.between(35, 80),
        Kind::Brm => rng.between(30, 75),
        Kind::Hormone => rng.between(60, 150),
        Kind::Transplant => rng.between(160, 260),
        Kind::Other => rng.between(20, 60),
    }
}

fn without_operation(rng: &mut Rng, kind: Kind) -> i32 {
    match kind {
        Kind::Chemo => rng.between(8, 40),
        Kind::Radiation => rng.between(18, 60),
        Kind::Brm => rng.between(12, 50),
        Kind::Hormone => rng.between(7, 40),
        Kind::Transplant => rng.between(130, 240),
        Kind::Other => rng.between(10, 40),
    }
}

fn suits(course: &Course, case: &Case, disease: &Disease) -> bool {
    let stage = &disease.stages[case.stage];
    (course.stages.is_empty() || course.stages.contains(&stage.label))
        && (course.years.0..=course.years.1).contains(&case.year)
        && match course.after.as_str() {
            "res" => case.surgery.is_some(),
            "nores" => case.surgery.is_none(),
            "" => true,
            codes => case
                .surgery
                .is_some_and(|(index, _)| codes.split(',').any(|code| disease.surgeries[index].codes[0] == code)),
        }
        && course.when.as_ref().is_none_or(|(item, values)| {
            case.values.iter().find(|(known, _)| known == item).is_some_and(|(_, value)| values.contains(value))
        })
}

fn recurrence(rng: &mut Rng, case: &mut Case, disease: &Disease, end: &End) {
    let stage = &disease.stages[case.stage];
    if disease.is("heme") || disease.is("benign") || matches!(stage.ss, '7' | '9') || case.modalities() == 0 {
        return;
    }
    let since =
        case.given.iter().map(|given| given.end).chain(case.surgery.map(|(_, day)| day)).max().unwrap_or(case.dx);
    let room = end.last - since;
    let chance = (1.0 - stage.five_year) * 0.6;
    if room < 240 || !rng.chance(chance) {
        return;
    }
    let day = since + rng.between(180, (room - 20).min(2200));
    let kind = match (disease.hists[case.hist].behavior, rng.index(4)) {
        ('2', _) => "16",
        (_, 0) => "10",
        (_, 1) => "21",
        (_, 2) => "53",
        _ => "51",
    };
    case.recurrence = Some((day, kind));
}
