"""What must hold for every node of the tree and every measurement of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, permutations

import pytest
from pydicom.sr._concepts_dict import concepts

from lingyin.core.measurements import Measurement, load_measurements
from lingyin.core.tree import LANGUAGES, Coding, Kind, Node, load_tree

TREE = load_tree()
MEASUREMENTS = load_measurements()
ENTRIES: tuple[Node | Measurement, ...] = (*TREE.values(), *MEASUREMENTS.values())

# Characters that stand in one script only, among those of medical text. Shared and variant characters are left out.
SIMPLIFIED_ONLY = frozenset(
    "与两严丧个丰临为丽举义乌乐习乡书买乱争亏亚产亲亿仅从仓仪们价众优伙会伟传伤伦伪体侧俩债倾偿储儿兑党兰"
    "关兴养兽内冈写军农决况冻净凉减凑凤击凿划刘则刚创删别剂剑剥剧劝办务动励劲劳势匀区医华协单卖卢卫却厂厅"
    "历厉压厌厕县参双变叙叠号叹吓吗听启呕员呛响哑唤啮啸喷嘱团园围国图圆圣场坏块坚坛坟坠垄垒垫堕壳壶处备够"
    "头夹夺奋奖妇妈娱婴孙学宁宝实宠审宪宫宽宾对寻导寿将尔尘尝尽层届属岁岂岗岛峡币帅师帐带帧帮库应庙废开异"
    "弃张弥弯弹强归当录彦彻径忆忧怀态怜总恋恒恶恼悬惊惯愤愿戏战户扑执扩扫扬扰抚抛抢护报担拟拥拦择挂挡挤挥"
    "损换据掷摄摆摇摊撑敌数斋断无旧时显晋晓晕暂术机杀杂权条来极构枪柜标栈栋栏树样桡档桥桩梦检楼横欢欧残殴"
    "毁毕气汇汉汤沟没泪泽洁浅浆测济浑浓涂涛润涨渊渐温湾湿溃滞满滤滨潴灭灯灵灾炉点炼烦烧热爱爷牵状独狭猎猪"
    "玛环现电画畅疗疡疮疯瘫皱盐监盖盘睁矫矿码砖础确离种积称稳穷窃窍窝窥窦竖竞笔筑签简类粪粮紧纠红纤约级纪"
    "纯纱纲纳纵纷纸纹纽线练组细织终绊绍经绑结绕绘给络绝统继绩绪续维绵综绿缓编缘缚缝缩网罗罚职联聪肃肠肤肾"
    "肿胀胁胆胜胫胶脉脏脐脑脓脚脱脸腊腘腻舰艺节芦苏苹茎荐荡荣药莲获萤营萧萨葱蓝蔷虏虑虫虽虾蚀补衬袭装观规"
    "视览觉触誉计订认讨让训议讯记讲许论设访证评识诉诊词试诗诚话询该详语误说请诸读课调谈谢谱贝负贡财责败账"
    "货质贩贫购贯贴贵费贺资赋赏赔赖赘赛赞趋跃践踪车轧轨转轮软轴轻载较辅辆辈辉辑输辖边达迁过迈运还这进远违"
    "连迟适选逊递逻遗邮邻郁酱酿释鉴针钉钙钝钟钢钥钩钱钻铁铅银链销锁锅锋锐错锥锻镇镜长门闪闭问闲间闷闸闹闻"
    "阀阅阑阔队阳阴阵阶际陆陈陕险随隐难雾霉静韧页顶项顺须顾顿预颅领颈频题颜额颞风飞饥饭饮饰饱饼馆马驱驶验"
    "骑骗骤髅髋髌鱼鲁鲜鳃鸟鸡鸣鸭鸿鹅麦黄龄龟"
)
TRADITIONAL_ONLY = frozenset(
    "亂亞來倆倉個們倫偉側偽備傳債傷傾僅價儀億償優儲兌兒內兩凍別刪則剛剝創劃劇劉劍劑勁動務勝勞勢勵勸勻匯區"
    "協卻厭厲參員問啞啟喚喪單嗆嗎嘆嘔嘗嘯噴嚇嚴囑國圍園圓圖團執堅報場塊塗塵墊墜墮墳壇壓壘壞壟壺壽夠夢夥夾"
    "奪奮娛婦媽嬰孫學宮實寧審寫寬寵寶將尋對導屆層屬岡島峽崗帥師帳帶幀幣幫庫廁廟廠廢廳張強彈彌彎彥徑從復徹"
    "恆悶惡惱愛態慣慮憂憐憤憲憶應懷懸戀戰戲戶拋掃掛揚換揮損搖搶撐撫撲擁擇擊擋擔據擠擬擲擴擺擾攔攝攤敗敘敵"
    "數斷時晉暈暢暫曉書會條棄棟棧極榮構槍樁樂樓標樣樹橈橋機橫檔檢櫃欄權歐歡歲歷歸殘殺殼毀毆氣決沒況涼淚淨"
    "淵淺減測渾湊湯溝溫溼滅滯滿漢漲漸漿潔潤潰澤濃濕濟濤濱濾瀦灣災為烏無煉煩熱燈燒營爐爭爺爾牽狀狹獎獨獲獵"
    "獸現瑪環產畢畫異當疊瘋瘍瘡療癱發皺盡監盤盧眾睜矯確碼磚礎礦種稱積穩窩窮窺竅竇竊競筆節範築簡簽籤糞糧糾"
    "紀約紅紋納紐純紗紙級紛細紹終組絆結絕絡給統綁經綜綠維綱網綿緊緒線緣編緩練縛縣縫縮縱總績織繞繪繼續纖罰"
    "羅義習聖聞聯聰職聽肅脅脈脛脫脹腎腦腫腳腸膕膚膠膩膽膿臉臍臘臟臨與興舉舊艦莖華蓋蓮蔥蕩蕭薔薦薩藍藝藥蘆"
    "蘇蘋蘭處虜號虧蝕蝦螢蟲術衛補裝複襯襲規視親覺覽觀觸訂計訊討訓記訪設許訴診評詞詢試詩話該詳認語誠誤說課"
    "調談請論諸講謝證識譜議護譽讀變讓豈豎豐豬貝負財貢貧貨販貫責貴買費貼賀資賓賞賠賣賦質賬賴購賽贅贊趨踐蹤"
    "躍車軋軌軍軟軸較載輔輕輛輝輩輪輯輸轄轉辦農這連進運過達違遜遞遠適遲遷選遺邁還邊邏郵鄉鄰醫醬釀釋釘針鈍"
    "鈣鉛鉤銀銳銷鋒鋼錄錐錢錯鍋鍛鍾鎖鎮鏈鏡鐘鐵鑑鑰鑽鑿長門閃閉開閒間閘閥閱闊闌關陝陣陰陳陸陽隊階際隨險隱"
    "雖雙雜雞離難電霧靈靜韌響頁頂項順須預頓領頭頸頻題額顏願類顧顯顱顳風飛飢飯飲飽飾餅養館馬駛騎騙驅驗驚驟"
    "髏髒體髕髖鬧鬱魚魯鮮鰓鳥鳳鳴鴨鴻鵝鹽麗麥黃點黨黴齋齡齧龜"
)

REGIONS = (
    "abdomen",
    "back",
    "breast",
    "chest",
    "fetus",
    "head_neck",
    "heart",
    "musculoskeletal",
    "thyroid",
    "vessels",
)
HEAD_LABELS = """
abdominal_aorta aortic_root bowel_colon breast common_carotid_artery fetal_head gallbladder heart kidney liver lung
muscle ovary peripheral_nerve thyroid urinary_bladder uterus none
breast_normal breast_mass_benign breast_mass_malignant
ovarian_tumour_benign ovarian_tumour_malignant ovary_normal ovarian_endometrioma ovarian_mucinous_cystadenoma
ovarian_serous_cystadenoma ovarian_teratoma ovarian_theca_cell_tumour ovarian_simple_cyst
ovarian_high_grade_serous_carcinoma thyroid_nodule_not_suspicious thyroid_nodule_suspicious
lung_normal lung_bacterial_pneumonia lung_covid_pneumonia hydronephrosis_absent hydronephrosis
liver_no_focal_lesion liver_lesion_benign liver_lesion_malignant
liver_fibrosis_grade_0 liver_fibrosis_grade_1 liver_fibrosis_grade_2 liver_fibrosis_grade_3
biliary_atresia_absent biliary_atresia image_quality_low image_quality_medium image_quality_high
muscle_vastus_lateralis muscle_gastrocnemius_medialis muscle_gastrocnemius_lateralis
view_apical_two_chamber view_apical_four_chamber phase_end_diastole phase_end_systole
abdominal_aortic_aneurysm abdominal_aortic_ectasia aortic_root_dilated intima_media_thickened
left_ventricular_ejection_fraction_reduced
"""
STRUCTURES = """
breast_lesion ovarian_lesion liver_lesion thyroid_nodule fetal_skull nerve vessel intima_media aponeurosis fascicle
left_ventricle_cavity heart_outline renal_collecting_system bladder_lumen colon_wall abdominal_aorta_outer
abdominal_aorta_lumen aortic_root_lumen
"""
UNITS = """
abdominal_aorta_diameter=mm abdominal_aorta_lumen_diameter=mm aortic_root_diameter=mm fetal_head_circumference=mm
biparietal_diameter=mm occipitofrontal_diameter=mm gestational_age=wk thyroid_nodule_long_axis=mm
thyroid_nodule_short_axis=mm ovarian_lesion_long_axis=mm ovarian_lesion_short_axis=mm breast_lesion_long_axis=mm
breast_lesion_short_axis=mm liver_lesion_long_axis=mm liver_lesion_short_axis=mm bladder_lumen_area=cm2
renal_collecting_system_area=cm2 intima_media_thickness=mm left_ventricle_end_diastolic_area=cm2
left_ventricle_end_systolic_area=cm2 left_ventricle_area_change=% left_ventricular_ejection_fraction=%
"""
UCUM = "mm cm mm2 cm2 mL mL/m2 mm/m2 g wk % 1 deg cm/s m/s mL/min /min kPa"


def codings() -> Iterator[tuple[str, Coding]]:
    return ((entry.code, coding) for entry in ENTRIES for coding in entry.coding)


def test_codes_are_flat_slugs_and_shared_by_nothing() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", entry.code) for entry in ENTRIES)
    assert len({entry.code for entry in ENTRIES}) == len(ENTRIES)


def test_the_ten_regions_and_the_image_are_the_roots() -> None:
    regions = {f"region_{name}" for name in REGIONS}
    assert {node.code for node in TREE.of_kind(Kind.REGION)} == regions
    assert set(TREE.roots()) == regions | {"image"}


def test_at_least_60_organs_and_some_in_every_region() -> None:
    organs = TREE.of_kind(Kind.ORGAN)
    assert len(organs) >= 60
    assert {TREE.region_of(organ.code) for organ in organs} == {f"region_{name}" for name in REGIONS}


def test_every_path_runs_from_a_root_down_one_parent_at_a_time() -> None:
    for code, node in TREE.items():
        path = TREE.path(code)
        assert path[-1] == code
        assert TREE[path[0]].parent is None
        assert all(TREE[below].parent == above for above, below in pairwise(path))
        assert node.parent is None or code in TREE.children(node.parent)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_has_a_name_that_stands_for_it_alone(language: str) -> None:
    assert all(entry.name[language] == entry.name[language].strip() != "" for entry in ENTRIES)
    seen: dict[tuple[str | None, str], str] = {}
    for node in TREE.values():
        key = (TREE.region_of(node.code), node.name[language])
        assert seen.setdefault(key, node.code) == node.code, key
    measured = [measurement.name[language] for measurement in MEASUREMENTS.values()]
    assert len(set(measured)) == len(measured)


def test_simplified_text_has_no_traditional_character_and_the_other_way_round() -> None:
    assert not SIMPLIFIED_ONLY & TRADITIONAL_ONLY
    for entry in ENTRIES:
        assert not TRADITIONAL_ONLY & set(entry.name["zh-Hans"]), entry.name["zh-Hans"]
        assert not SIMPLIFIED_ONLY & set(entry.name["zh-Hant"]), entry.name["zh-Hant"]


def test_the_character_lists_would_catch_a_mix() -> None:
    assert SIMPLIFIED_ONLY & set("腹主动脉")
    assert TRADITIONAL_ONLY & set("腹主動脈")


def test_every_coding_stands_in_the_dicom_tables_and_says_what_they_say() -> None:
    shown = {"64033007": "Kidney", "80891009": "Heart"}  # the tables say "Endo-renal" and "Endo-cardiac"
    checked = 0
    for code, coding in codings():
        texts = {entry[coding.value][0] for entry in concepts[coding.scheme].values() if coding.value in entry}
        assert texts, f"{code}: the tables do not know {coding}"
        assert coding.meaning in {*texts, shown.get(coding.value)}, f"{code}: {coding}"
        checked += 1
    assert checked > 150


def test_no_ejection_fraction_carries_the_code_of_volume_flow() -> None:
    assert {code for code, coding in codings() if coding.value == "33878-0"} == {"vessel_flow_volume"}


def test_flags_stand_on_findings_and_structures_only_and_urgent_is_abnormal() -> None:
    for node in TREE.values():
        assert node.abnormal is None or node.kind in {Kind.FINDING, Kind.STRUCTURE}, node.code
        assert not node.urgent or node.abnormal is True, node.code


def test_what_lies_below_a_finding_does_not_turn_its_flag_round() -> None:
    for code, node in TREE.items():
        if node.kind is Kind.FINDING and node.abnormal is not None:
            below = {TREE.abnormal(other) for other in TREE.descendants(code, Kind.FINDING)}
            assert (not node.abnormal) not in below, code


def test_exclusive_groups_have_one_parent_and_rivals_see_each_other() -> None:
    parents: dict[str, set[str | None]] = {}
    for node in TREE.values():
        if node.exclusive is not None:
            parents.setdefault(node.exclusive, set()).add(node.parent)
        for rival in TREE.rivals(node.code):
            assert node.code in TREE.rivals(rival)
            assert TREE.excludes(node.code, rival)
    assert parents
    assert all(len(group) == 1 for group in parents.values())


def test_kinds_stand_where_they_may() -> None:
    allowed = {
        Kind.ORGAN: {Kind.REGION, Kind.ORGAN},
        Kind.VIEW: {Kind.ORGAN, Kind.VIEW},
        Kind.PHASE: {Kind.ORGAN},
        Kind.STRUCTURE: {Kind.ORGAN, Kind.QUALITY},
        Kind.FINDING: {Kind.ORGAN, Kind.STRUCTURE, Kind.FINDING},
        Kind.QUALITY: {Kind.QUALITY},
    }
    for node in TREE.values():
        if node.parent is not None:
            assert TREE[node.parent].kind in allowed[node.kind], node.code


@pytest.mark.parametrize("code", HEAD_LABELS.split())
def test_every_label_of_the_network_is_a_node(code: str) -> None:
    assert code in TREE


@pytest.mark.parametrize("code", STRUCTURES.split())
def test_every_mask_of_the_network_is_a_structure(code: str) -> None:
    assert TREE[code].kind is Kind.STRUCTURE


@pytest.mark.parametrize("named", UNITS.split())
def test_every_measurement_of_the_program_has_its_unit(named: str) -> None:
    code, unit = named.split("=")
    assert MEASUREMENTS[code].unit == unit


@pytest.mark.parametrize(
    "head",
    [
        ("breast_normal", "breast_mass_benign", "breast_mass_malignant"),
        ("ovary_normal", "ovarian_tumour_benign", "ovarian_tumour_malignant"),
        ("thyroid_nodule_not_suspicious", "thyroid_nodule_suspicious"),
        ("lung_normal", "lung_bacterial_pneumonia", "lung_covid_pneumonia"),
        ("liver_no_focal_lesion", "liver_lesion_benign", "liver_lesion_malignant"),
        ("hydronephrosis_absent", "hydronephrosis"),
        ("biliary_atresia_absent", "biliary_atresia"),
        ("phase_end_diastole", "phase_end_systole"),
        ("view_apical_two_chamber", "view_apical_four_chamber"),
    ],
)
def test_answers_of_one_head_exclude_each_other(head: tuple[str, ...]) -> None:
    assert all(TREE.excludes(one, other) for one, other in permutations(head, 2))


def test_units_are_ucum_and_comparable_lengths_state_where_calipers_go() -> None:
    assert {measurement.unit for measurement in MEASUREMENTS.values()} <= set(UCUM.split(" "))
    for code in ("abdominal_aorta_diameter", "aortic_root_diameter", "biparietal_diameter", "fetal_head_circumference"):
        assert MEASUREMENTS[code].convention
